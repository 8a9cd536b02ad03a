#!/usr/bin/env python
"""Make the tables and figures of an experiment's document from its csv file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import make_parser

_EPILOGUE = """\
RESULTS.csv is what python -m lab.experiment writes. Rows of finished cells on the test split are
reported, as means and standard deviations over the seeds that are there; it may be run at any time.

The document must exist and hold a pair of lines `<!-- begin NAME -->`, `<!-- end NAME -->` for each
block. What lies between them is replaced, the rest is left as it is. Figures are written beside
the csv file.

example:
  python -m lab.experiment_report docs/experiments/four_losses.csv --out docs/EXPERIMENTS.md
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, _EPILOGUE)
    add = parser.add_argument
    add("results", type=Path, metavar="RESULTS.csv", help="rows of python -m lab.experiment")
    add("--out", type=Path, required=True, metavar="FILE.md", help="document to fill")
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from .experiments.report.document import fill_document
    from .experiments.report.rows import ExperimentResults, read_rows

    csv, document = args.results.as_posix(), args.out.as_posix()
    command = f"python -m lab.experiment_report {csv} --out {document}"
    results = ExperimentResults(read_rows(args.results))
    figures = fill_document(results, args.out, args.results.parent, command)
    print(f"{len(results.rows)} rows; wrote {args.out}")
    for path in figures:
        print(f"  {path}")


if __name__ == "__main__":
    sys.exit(main())
