"""What is done and what is left of an experiment, listed and run."""

from __future__ import annotations

import argparse
from collections import Counter

import torch
from detectron2.config import CfgNode
from filelock import FileLock, Timeout
from tabulate import tabulate
from tqdm import tqdm

from .result_table import ResultTable
from .runner import Finished, choose_setting, left_over, plan, run_experiment
from .settings import ExperimentError, Filter, cell_steps, load_experiment, models_of, recipe


def list_or_run(args: argparse.Namespace) -> str:
    """Do what the command line of `python -m lab.experiment` says.

    Returns:
        what there is to say at the end.

    Raises:
        UserError: the experiment cannot be run as asked.
        KeyboardInterrupt: it was stopped; the message says how to go on.
    """
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    wanted = Filter(args.only)
    cfg = load_experiment(args.config, args.opts)
    results = args.results or cfg.EXPERIMENT.RESULTS
    table = ResultTable(results, recipe(args.config, args.opts))
    if args.list:
        return list_cells(cfg, table, wanted, args.jobs)
    try:
        run_cells(cfg, table, wanted, args.jobs)
    except KeyboardInterrupt as stop:
        how = f"stopped; finished cells are in {table.path}, go on by the same command"
        raise KeyboardInterrupt(how) from stop
    return f"results: {table.path}"


def list_cells(cfg: CfgNode, table: ResultTable, wanted: Filter, jobs: int) -> str:
    """What is done and left, the settings chosen, and how long the rest takes."""
    cells = [cell for cell in plan(cfg, table) if wanted(cell)]
    total: Counter[tuple[str, str, str]] = Counter()
    done: Counter[tuple[str, str, str]] = Counter()
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


def run_cells(cfg: CfgNode, table: ResultTable, wanted: Filter, jobs: int) -> None:
    """Run what is left, with a progress bar in training steps and a line for each cell.

    Raises:
        ExperimentError: another process fills the same table; it would do every cell as well.
    """
    table.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{table.path}.lock", timeout=0):
            _run_cells(cfg, table, wanted, jobs)
    except Timeout:
        raise ExperimentError(
            f"{table.path}: another process runs this experiment; wait for it, or stop it and give "
            "--jobs for several cells at once"
        ) from None


def _run_cells(cfg: CfgNode, table: ResultTable, wanted: Filter, jobs: int) -> None:
    cells = left_over(cfg, table, wanted)
    left, steps = len(cells), sum(cell_steps(cfg, cell) for cell in cells)
    if not left:
        print("nothing is left to run")
        return
    criterion = [name for name, _ in cfg.EXPERIMENT.TUNING.CRITERION]
    with tqdm(total=steps, unit="step", smoothing=0.02) as bar:
        bar.set_description(f"{left} cells")

        def step() -> None:
            bar.update()

        def report(finished: Finished) -> None:
            nonlocal left
            left -= 1
            cell, rows, seconds = finished
            bar.set_description(f"{left} cells")
            values = ", ".join(f"{name} {rows[-1][name]:.4g}" for name in criterion)
            bar.write(f"{cell}: {rows[-1]['split']} {values} ({seconds:.0f} s)")

        run_experiment(cfg, table, wanted, jobs, step, report)
