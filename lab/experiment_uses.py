#!/usr/bin/env python
"""Measure what the models of an experiment are good for: fused in groups, and moved by clicks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import add_overrides, check_overrides, make_parser

_EPILOGUE = """\
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
    parser = make_parser(__doc__, _EPILOGUE)
    add = parser.add_argument
    add("configs", nargs="+", metavar="CONFIG.yaml", help="of configs/experiments")
    add("--out", type=Path, metavar="FILE.md", help="document to fill (default: none)")
    add_overrides(add, of="the configs")
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    check_overrides(args.opts)
    from .experiments.report.uses import write_uses
    from .experiments.uses import run_uses

    tables = [run_uses(config, args.opts) for config in args.configs]
    if args.out is not None:
        files = [(trained.path, fused.path, clicked.path) for trained, fused, clicked in tables]
        configs = " ".join(args.configs)
        command = f"python -m lab.experiment_uses {configs} --out {args.out.as_posix()}"
        write_uses(files, args.out, command)
        print(f"wrote {args.out}")


if __name__ == "__main__":
    sys.exit(main())
