#!/usr/bin/env python
"""Run an experiment: train every noise model on every noise world's labels, and tabulate.

Models are tuned over one grid on a validation split; what is chosen is then run with every seed and
reported on the test split. Each finished cell is added to a csv, and a cell that is there is not
run again: stop by Ctrl-C at any time and go on by the same command.

examples:
  python -m lab.experiment configs/experiments/four_losses.yaml --list
  python -m lab.experiment configs/experiments/four_losses.yaml --jobs 2
  python -m lab.experiment configs/experiments/four_losses.yaml --only world=annotator,model=full
  python -m lab.experiment configs/experiments/four_losses_gpu.yaml

--only takes FIELD=VALUE,... with the fields stage (tune, final), world, model and seed; a field
that is named twice may have either value.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from detectron2.config import CfgNode
from tabulate import tabulate
from tqdm import tqdm

from uncertain_densepose.engine import USER_ERRORS

from .experiments.result_table import ResultTable
from .experiments.runner import Finished, choose_setting, left_over, plan, run_experiment
from .experiments.settings import (
    ExperimentError,
    Filter,
    cell_steps,
    load_experiment,
    models_of,
    recipe,
)
from .experiments.training import TrainingDiverged


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("config", metavar="CONFIG.yaml", help="of configs/experiments")
    add("--list", action="store_true", help="show what is done and what is left, and run nothing")
    add("--only", default="", metavar="FIELD=VALUE,...", help="run some of the cells")
    add(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="cells at once, in processes of one thread each (default: %(default)s)",
    )
    add(
        "--threads", type=int, metavar="N", help="threads of a single job (default: torch's choice)"
    )
    add("--results", type=Path, metavar="FILE.csv", help="default: EXPERIMENT.RESULTS")
    add("--opts", nargs="+", default=[], metavar="KEY VALUE", help="replace values of the config")
    return parser


def list_cells(cfg: CfgNode, table: ResultTable, wanted: Filter, jobs: int) -> str:
    """What is done and left, the settings chosen, and how long the rest takes."""
    cells = [cell for cell in plan(cfg, table) if wanted(cell)]
    total, done = Counter(), Counter()
    for cell in cells:
        kind = cell.stage, cell.world, cell.model
        total[kind] += 1
        done[kind] += bool(table.rows_of(cell))
    rows = [(*kind, done[kind], count - done[kind]) for kind, count in total.items()]
    lines = [tabulate(rows, ("stage", "world", "model", "done", "left")), ""]
    for model in models_of(cfg):
        if chosen := choose_setting(cfg, model, table):
            lines.append(f"chosen for {model}: {chosen}")
    left, seconds = left_over(cfg, table, wanted), table.seconds_a_step()
    estimate = "no finished cell to tell the time from"
    if seconds is not None:
        hours = sum(cell_steps(cfg, cell) for cell in left) * seconds / jobs / 3600
        estimate = f"about {hours:.1f} h with {jobs} at once, {1000 * seconds:.0f} ms a step"
    return "\n".join([*lines, f"{len(left)} of {len(cells)} cells left: {estimate}"])


def run(cfg: CfgNode, table: ResultTable, wanted: Filter, jobs: int) -> None:
    """Run what is left, with a progress bar in training steps and a line for each cell."""
    cells = left_over(cfg, table, wanted)
    left, steps = len(cells), sum(cell_steps(cfg, cell) for cell in cells)
    if not left:
        print("nothing is left to run")
        return
    criterion = [name for name, _ in cfg.EXPERIMENT.TUNING.CRITERION]
    with tqdm(total=steps, unit="step", smoothing=0.02) as bar:
        bar.set_description(f"{left} cells")

        def report(finished: Finished) -> None:
            nonlocal left
            left -= 1
            cell, rows, seconds = finished
            bar.set_description(f"{left} cells")
            values = ", ".join(f"{name} {rows[-1][name]:.4g}" for name in criterion)
            bar.write(f"{cell}: {rows[-1]['split']} {values} ({seconds:.0f} s)")

        run_experiment(cfg, table, wanted, jobs, bar.update, report)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    # Whatever ends the run ends its processes too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if args.jobs < 1 or (args.threads is not None and args.threads < 1):
        parser.error("--jobs and --threads must be at least 1")
    if len(args.opts) % 2:
        parser.error(f"--opts takes pairs KEY VALUE, got {' '.join(args.opts)}")
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    try:
        wanted = Filter(args.only)
        cfg = load_experiment(args.config, args.opts)
        results = args.results or cfg.EXPERIMENT.RESULTS
        table = ResultTable(results, recipe(args.config, args.opts))
        if args.list:
            print(list_cells(cfg, table, wanted, args.jobs))
            return
        run(cfg, table, wanted, args.jobs)
    except (*USER_ERRORS, ExperimentError, TrainingDiverged) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        sys.exit(f"\nstopped; finished cells are in {table.path}, go on by the same command")
    print(f"results: {table.path}")


if __name__ == "__main__":
    main()
