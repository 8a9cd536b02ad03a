#!/usr/bin/env python
"""Evaluate a file of dense-pose results against annotations; no model is needed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from uncertain_densepose.choices import PROTOCOL_NAMES
from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import PER_PART, add_out_folder, make_parser, parse_kappa

EPILOGUE = """\
RESULTS.json is a list of COCO result records: image_id, category_id, bbox (x, y, width, height in
pixels), score, and three values for each pixel of the box: part 1..24 or 0, 255 U and 255 V, as
  "densepose": [[[...], ...], ...]                            (3, height, width) integers
  "densepose": {"labels_uv_uint8": [[[...], ...], ...]}       the same
  "densepose": {"shape_chw": [3, h, w], "labels_uv_str": ""}  a base64 PNG with three channels
  "uv_shape": [3, h, w], "uv_data": ""                        the same, as in the 2018 challenge
All annotated images count; without results in an image, nobody was found there. A malformed result
stops the run with its index and field; with --lenient it is left out and counted.

Prints AP and AR by GPS, GPSm and mask IoU, and the accuracy at annotated points. With --out, writes
  metrics.json                    every metric by task; null where there was nothing to measure
  correspondence_accuracy.png     share of points within a distance
  part_errors_detected_boxes.png  mean error of each part on the body, capped at 30 cm a point

example:
  python tools/evaluate.py --annotations datasets/synth_people_demo/val.json \\
      --results results.json --surface datasets/embedded_surface.npz --out output/evaluation
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add("--annotations", required=True, metavar="GT.json", help="COCO file with dense pose")
    add("--results", required=True, metavar="RESULTS.json", help="the detections, see below")
    add("--surface", required=True, metavar="S.npz", help="surface file of the annotations")
    add(
        "--protocol",
        choices=PROTOCOL_NAMES,
        default="strict",
        help="match detections as COCO does for keypoints (strict), or as DensePose's evaluator "
        "does (reference); default: %(default)s",
    )
    add(
        "--kappa",
        type=parse_kappa,
        default=PER_PART,
        metavar="K",
        help="length scale of GPS in metres, e.g. 0.255 for the 2018 definition, or 'per_part' for "
        "that of the later challenges (default: %(default)s)",
    )
    add("--lenient", action="store_true", help="leave out malformed results and count them")
    add_out_folder(add, required=False)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.evaluate import run

    run(args)


if __name__ == "__main__":
    sys.exit(main())
