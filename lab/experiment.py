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
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import (
    add_overrides,
    add_threads,
    check_overrides,
    make_parser,
    number,
)


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("config", metavar="CONFIG.yaml", help="of configs/experiments")
    add("--list", action="store_true", help="show what is done and what is left, and run nothing")
    add("--only", default="", metavar="FIELD=VALUE,...", help="run some of the cells")
    add(
        "--jobs",
        type=number(int, 1),
        default=1,
        metavar="N",
        help="cells at once, in processes of one thread each (default: %(default)s)",
    )
    add_threads(add, "threads of a single job")
    add("--results", type=Path, metavar="FILE.csv", help="default: EXPERIMENT.RESULTS")
    add_overrides(add)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    # Whatever ends the run ends its processes too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    check_overrides(args.opts)
    from .experiments.progress import list_or_run

    print(list_or_run(args))


if __name__ == "__main__":
    sys.exit(main())
