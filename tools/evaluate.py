#!/usr/bin/env python
"""Evaluate a file of dense-pose results against annotations, without the model."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from uncertain_densepose.evaluation import (
    PROTOCOLS,
    GroundTruth,
    LeftOut,
    ResultFile,
    ResultFileError,
    SurfaceDistance,
    evaluate_results,
)
from uncertain_densepose.evaluation.files import metrics_table, refuse, write_metrics
from uncertain_densepose.structures.coco_annotation import AnnotationFileError
from uncertain_densepose.surface import SurfaceFileError
from uncertain_densepose.visualization.evaluation_figures import draw_correspondence_figures

USER_ERRORS = (AnnotationFileError, OSError, ResultFileError, SurfaceFileError)

PER_PART = "per_part"

NO_COVARIANCE = (
    "no reliability and no sparsification curve, for result files carry no covariance: "
    "tools/train_net.py --eval-only draws those of a model"
)

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
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--annotations", required=True, metavar="GT.json", help="COCO file with dense pose")
    add("--results", required=True, metavar="RESULTS.json", help="what was detected, see below")
    add("--surface", required=True, metavar="S.npz", help="the body of the annotations")
    add(
        "--protocol",
        choices=tuple(PROTOCOLS),
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
    add("--out", type=Path, metavar="DIR", help="folder to write to; made if absent")
    return parser


def parse_kappa(text: str) -> float | None:
    """A length scale in metres, None for one a part.

    Raises:
        argparse.ArgumentTypeError: the text is neither.
    """
    if text == PER_PART:
        return None
    try:
        kappa_m = float(text)
    except ValueError:
        kappa_m = math.nan
    if not 0 < kappa_m < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is neither '{PER_PART}' nor metres above 0")
    return kappa_m


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.out is not None and args.out.exists() and not args.out.is_dir():
        parser.error(f"{args.out}: --out must be a folder, this is a file")
    left_out = LeftOut()
    try:
        distance = SurfaceDistance.load(args.surface)
        ground_truth = GroundTruth.load(args.annotations)
        results = ResultFile(args.results, ground_truth, left_out if args.lenient else refuse)
        metrics, correspondence = evaluate_results(
            tqdm(results, total=len(ground_truth), desc="images", disable=None),
            distance,
            PROTOCOLS[args.protocol],
            args.kappa,
        )
    except USER_ERRORS as error:
        parser.error(str(error))
    for task, values in metrics.items():
        print(f"\n{task}\n{metrics_table(values)}")
    print(f"\n{results.num_results} results in {len(ground_truth)} annotated images")
    if results.num_beyond:
        print(f"{results.num_beyond} of them are beyond the 20 highest scores of their image")
    for warning in left_out.warnings():
        print(f"warning: {warning}", file=sys.stderr)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        settings = {
            "annotations": args.annotations,
            "results": args.results,
            "surface": distance.surface.name,
            "protocol": args.protocol,
            "kappa_m": PER_PART if args.kappa is None else args.kappa,
            "num_results": results.num_results,
            "left_out": left_out.counts,
        }
        write_metrics(args.out / "metrics.json", {"settings": settings} | metrics)
        draw_correspondence_figures(args.out, {"detected boxes": correspondence}, distance.surface)
        print(f"see {args.out}; {NO_COVARIANCE}")


if __name__ == "__main__":
    main()
