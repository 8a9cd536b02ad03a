"""How far results differ between processors.

Does the same work (render a tiny data set, apply and evaluate the shipped model, train five steps)
once as usual and once for each library forced to the code of an older processor, and prints the
largest differences. Each row is a quantity; pictures are in grey levels, boxes in pixels.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from uncertain_densepose.cli import run_tool

from .reproducibility.comparison import difference_table
from .reproducibility.runs import AS_IT_IS, run_workload
from .reproducibility.settings import SETTINGS


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.processors", description=__doc__)
    parser.add_argument(
        "--also",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "VAR=VALUE"),
        help="another setting, such as an LD_PRELOAD library that reports another processor",
    )
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run all settings and print the table."""
    args = build_parser().parse_args(arguments)
    also = {name: dict(pair.split("=", 1) for pair in pairs) for name, *pairs in args.also}
    settings = SETTINGS | also
    with tempfile.TemporaryDirectory() as folder:
        first = run_workload(AS_IT_IS, {}, Path(folder))
        others = {
            name: run_workload(name, variables, Path(folder))
            for name, variables in settings.items()
        }
    print(tabulate(difference_table(first, others), headers=["", *others], tablefmt="github"))


if __name__ == "__main__":
    main()
