#!/usr/bin/env python
"""Check a COCO dense-pose annotation file: what will training drop, repair or stop at?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.check_status import ALL_USED, LEFT_OUT, STOPS
from uncertain_densepose.cli.options import make_parser

EPILOGUE = f"""\
Prints how much of the file training uses, and its findings, worst first:
  fatal     training stops
  dropped   training leaves the annotation or point out
  repaired  training uses it, changed as the finding says
Each annotation and each point is dropped under one finding only, the first that applies. The data
loader makes the same checks. Evaluation is stricter: it stops at malformed annotations.
docs/ANNOTATIONS.md describes the format and lists the checks.

exit status: {ALL_USED} the whole file is used
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
    add("--images", type=Path, metavar="DIR", help="also check its images, in this folder")
    add("--json", type=Path, metavar="OUT", help="also write the report as JSON")
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
