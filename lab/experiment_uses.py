#!/usr/bin/env python
"""Measure what the models of an experiment are good for: fused in groups, and moved by clicks."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from detectron2.config import CfgNode
from tqdm import tqdm

from uncertain_densepose.engine import USER_ERRORS

from .experiments.clicks import click_cells, run_clicks
from .experiments.fusion import fused_cells, run_fusion
from .experiments.report import ReportError
from .experiments.report.uses import write_uses
from .experiments.result_table import ResultTable
from .experiments.settings import Cell, ExperimentError, load_experiment, recipe
from .experiments.weights import weights_file

EPILOGUE = """\
The models are those of finished cells of python -m lab.experiment whose weights are in the config's
EXPERIMENT.WEIGHTS_DIR; others are counted and left out, so that it may be run at any time. What has
been measured is in EXPERIMENT.FUSION_RESULTS and EXPERIMENT.CLICKS_RESULTS and is not measured
again.

With --out the tables of all configs are written into a document, between its lines
`<!-- begin NAME -->` and `<!-- end NAME -->`, and its figures beside the csv files.

examples:
  python -m lab.experiment configs/experiments/uses.yaml --jobs 2
  python -m lab.experiment_uses configs/experiments/uses.yaml
  python -m lab.experiment_uses configs/experiments/{uses,four_losses}.yaml --out docs/USES.md
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("configs", nargs="+", metavar="CONFIG.yaml", help="of configs/experiments")
    add("--out", type=Path, metavar="FILE.md", help="document to fill (default: none)")
    add("--opts", nargs="+", default=[], metavar="KEY VALUE", help="replace values of the configs")
    return parser


def measure(
    cfg: CfgNode,
    table: ResultTable,
    needs: dict[Cell, Sequence[Cell]],
    run: Callable[[Cell], list[dict]],
) -> None:
    """Measure what is not in the table yet and has all the weights that it needs.

    Args:
        cfg: of the experiment.
        table: of the results.
        needs: what is to be measured, to the trained cells that it is measured on.
        run: gives its rows.
    """
    left = [cell for cell in needs if not table.rows_of(cell)]
    folder = cfg.EXPERIMENT.WEIGHTS_DIR
    ready = [c for c in left if all(weights_file(folder, one).is_file() for one in needs[c])]
    if len(ready) < len(left):
        print(f"{table.path}: {len(left) - len(ready)} wait for weights in {folder!r}")
    for cell in tqdm(ready, desc=table.path.stem, disable=not ready):
        start = time.perf_counter()
        table.append(cell, run(cell), time.perf_counter() - start)


def run(config: str, overrides: Sequence[str]) -> tuple[ResultTable, ResultTable, ResultTable]:
    """Measure one experiment; its trained cells, fusions and clicks.

    Raises:
        ExperimentError, FileNotFoundError: see `load_experiment` and `ResultTable`.
    """
    cfg = load_experiment(config, overrides)
    options = cfg.EXPERIMENT
    of_recipe = recipe(config, overrides)
    paths = options.RESULTS, options.FUSION_RESULTS, options.CLICKS_RESULTS
    trained, fused, clicked = (ResultTable(path, of_recipe) for path in paths)
    fusions, clicks = fused_cells(cfg, trained), click_cells(cfg, trained)
    measure(cfg, fused, fusions, lambda cell: run_fusion(cfg, cell, fusions[cell]))
    measure(
        cfg,
        clicked,
        {cell: [one] for cell, one in clicks.items()},
        lambda cell: run_clicks(cfg, clicks[cell]),
    )
    return trained, fused, clicked


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if len(args.opts) % 2:
        parser.error(f"--opts takes pairs KEY VALUE, got {' '.join(args.opts)}")
    try:
        tables = [run(config, args.opts) for config in args.configs]
        if args.out is not None:
            files = [tuple(table.path for table in several) for several in tables]
            configs = " ".join(args.configs)
            command = f"python -m lab.experiment_uses {configs} --out {args.out.as_posix()}"
            write_uses(files, args.out, command)
            print(f"wrote {args.out}")
    except (*USER_ERRORS, ExperimentError, ReportError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
