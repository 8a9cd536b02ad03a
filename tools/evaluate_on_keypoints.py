#!/usr/bin/env python
"""Measure a model on photographs with COCO keypoints, without labels of dense pose."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.choices import BOX_SOURCES
from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.apply_options import add_detector
from uncertain_densepose.cli.options import add_out_folder, make_parser, number, pattern

EPILOGUE = """\
At every visible keypoint (v = 2) it asks whether the predicted part is one that the joint touches,
and how far the predicted point of the body is from the place of that joint, in cm on the neutral
body. People and detections are matched by their boxes (IoU at least 0.5, the highest score first).
What the numbers mean, and what they cannot tell: docs/KEYPOINT_EVALUATION.md.

Prints people found, box AP, mask IoU and false people; right parts and distances; and whether the
model's uncertainty knows where it is wrong. With --out, writes
  metrics.json         every metric by task, and the risk-coverage curves
  keypoints.csv        a line for each visible keypoint
  risk_coverage.png    the share of wrong answers among the most certain ones
  pictures/*.png       with --pictures, some images with parts, and keypoints by what is right

example:
  python tools/evaluate_on_keypoints.py --annotations person_keypoints_val2017.json \\
      --images val2017 --model synth/unc_full_small --out output/keypoints --pictures 12
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument_group("data").add_argument
    add("--annotations", required=True, type=Path, metavar="FILE", help="COCO file with keypoints")
    add("--images", required=True, type=Path, metavar="DIR", help="folder of its images")
    add(
        "--names",
        type=pattern,
        metavar="REGEX",
        help="only images in whose file name this is found, e.g. '[0-2]\\.jpg$' (default: all)",
    )
    add(
        "--boxes",
        choices=BOX_SOURCES,
        default=BOX_SOURCES[0],
        help="read people where the model detects them, or in their annotated boxes (default: "
        "%(default)s)",
    )
    add_out_folder(add, required=False)
    add(
        "--pictures",
        type=number(int, 0),
        default=0,
        metavar="N",
        help="draw N of the images with keypoints, evenly spaced (default: %(default)s)",
    )
    add_detector(parser.add_argument_group("model").add_argument)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.keypoints import run

    run(args)


if __name__ == "__main__":
    sys.exit(main())
