#!/usr/bin/env python
"""Tell what training would leave out of an annotation file, repair in it, or stop at."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.check_status import ALL_USED, LEFT_OUT, STOPS
from uncertain_densepose.cli.options import make_parser

EPILOGUE = f"""\
docs/ANNOTATIONS.md describes the form of the file and lists the checks. Findings are
  fatal     training stops
  dropped   training leaves out what was found
  repaired  training uses what was found, in the way that is told
Each annotation, and each point, is counted as dropped under one finding, the first that applies.
The loader of data sets goes by the same checks: what is dropped here is what is not trained.
Evaluation is stricter, and stops at malformed annotations.

exit status: {ALL_USED} all of the file is used
             {LEFT_OUT} something is dropped
             {STOPS} training would stop, or the file cannot be read

example:
  python tools/check_annotations.py datasets/coco/annotations/densepose_minival2014.json \\
      --images datasets/coco/val2014
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add("annotations", metavar="JSON", help="COCO file with dense-pose annotations")
    add("--images", type=Path, metavar="DIR", help="also look at its images, in this folder")
    add("--json", type=Path, metavar="OUT", help="also write the report for machines")
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.annotation_report import exit_status, run, text_of

    report = run(args)
    print(f"{args.annotations}: {text_of(report)}")
    return exit_status(report)


if __name__ == "__main__":
    sys.exit(main())
