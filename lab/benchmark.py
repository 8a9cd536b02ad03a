#!/usr/bin/env python
"""Measure what the joint likelihood and the reading of maps cost, against the alternatives."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import check_new_file

from .benchmarks.options import build_parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = build_parser(__doc__)
    args = parser.parse_args(arguments)
    if args.command == "losses" and min(args.points) < 100:
        parser.error("--points must be at least 100, a group of the largest kind")
    from tabulate import tabulate

    from uncertain_densepose.device import usable_device

    from .benchmarks.tables import run_benchmark

    usable_device(args.device)
    check_new_file(args.out)
    for title, rows in run_benchmark(args).items():
        print(f"\n{title}\n{tabulate(rows, headers='keys', floatfmt='.3g')}")


if __name__ == "__main__":
    sys.exit(main())
