#!/usr/bin/env python
"""Check a COCO dense-pose annotation file: what will training and evaluation use of it?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.check_status import ALL_USED, LEFT_OUT, PURPOSES, STOPS
from uncertain_densepose.cli.options import make_parser

EPILOGUE = f"""\
Prints how much of the file training and evaluation use, and the findings, worst first:
  fatal     it stops before it begins
  warning   it goes on, with labels that are probably wrong
  dropped   it leaves the annotation or point out
  repaired  it uses it, changed as the finding says
This is what becomes of training; where evaluation differs, the finding says so. With --for, the
findings are those of one of them. Each annotation and each point is dropped under one finding only,
the first that applies. Training and evaluation make the same checks; before a training, they are
made of its test sets too. docs/ANNOTATIONS.md describes the format and lists the checks.

exit status: {ALL_USED} the whole file is used
             {LEFT_OUT} something is dropped, or labels are probably wrong
             {STOPS} training or evaluation would stop, or the file cannot be read

example:
  python tools/check_annotations.py datasets/coco/annotations/densepose_minival2014.json \\
      --images datasets/coco/val2014
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add("annotations", metavar="JSON", help="COCO file with dense-pose annotations")
    add("--images", type=Path, metavar="DIR", help="also check its images, in this folder")
    add(
        "--for",
        dest="purpose",
        choices=PURPOSES,
        help="what the file is used for; by default both are reported",
    )
    add("--json", type=Path, metavar="OUT", help="also write the report as JSON")
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.annotation_report import exit_status, run, text_of

    report = run(args)
    print(f"{args.annotations}: {text_of(report, args.purpose)}")
    return exit_status(report, args.purpose)


if __name__ == "__main__":
    sys.exit(main())
