#!/usr/bin/env python
"""Evaluate a file of dense-pose results against annotations, without the model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.evaluate_options import PER_PART, parse_kappa
from uncertain_densepose.cli.options import add_out_folder, make_parser

PROTOCOLS = ("strict", "reference")

EPILOGUE = """\
RESULTS.json is a list of records as COCO has them: image_id, category_id, bbox (x, y, width, height
in pixels), score, and dense pose over the pixels of the box, part 1..24 or 0, 255 U and 255 V, as
  "densepose": [[[...], ...], ...]                            (3, height, width) integers
  "densepose": {"labels_uv_uint8": [[[...], ...], ...]}       the same
  "densepose": {"shape_chw": [3, h, w], "labels_uv_str": ""}  a PNG of three channels in base64
  "uv_shape": [3, h, w], "uv_data": ""                        the same, the challenges' form of 2018
All images of the annotations count; where there are no results, nobody was found. A result that
cannot be used ends the run with its index and field, or is left out and counted with --lenient.

With --out the folder gets
  metrics.json                    every metric by task; null where there was nothing to measure
  correspondence_accuracy.png     share of points within a distance
  part_errors_detected_boxes.png  mean error of each part on the body, above 30 cm as 30 cm

example:
  python tools/evaluate.py --annotations datasets/synth_people_demo/val.json \\
      --results results.json --surface datasets/embedded_surface.npz --out output/evaluation
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add("--annotations", required=True, metavar="GT.json", help="COCO file with dense pose")
    add("--results", required=True, metavar="RESULTS.json", help="what was detected, see below")
    add("--surface", required=True, metavar="S.npz", help="the body of the annotations")
    add(
        "--protocol",
        choices=PROTOCOLS,
        default="strict",
        help="count as COCO counts keypoints, or as DensePose's evaluator (default: %(default)s)",
    )
    add(
        "--kappa",
        type=parse_kappa,
        default=PER_PART,
        metavar="K",
        help="length scale of GPS in metres, such as 0.255 for the definition of 2018, or "
        "'per_part' for that of the challenges (default: %(default)s)",
    )
    add("--lenient", action="store_true", help="leave out results that cannot be used, and say so")
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
