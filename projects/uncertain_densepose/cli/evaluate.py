"""The evaluation of a result file by tools/evaluate.py."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from ..evaluation.detections import evaluate_results
from ..evaluation.detections.protocols import PROTOCOLS
from ..evaluation.files import metrics_table, write_metrics
from ..evaluation.files.result_file import LeftOut, ResultFile, refuse
from ..evaluation.ground_truth.ground_truth import GroundTruth
from ..evaluation.points.surface_distance import SurfaceDistance
from ..visualization.evaluation_figures import draw_correspondence_figures
from .options import PER_PART, check_out_folder

NO_COVARIANCE = (
    "result files carry no covariance, so there is no reliability or sparsification curve; "
    "tools/train_net.py --eval-only draws a model's"
)


def run(args: argparse.Namespace) -> None:
    """Evaluate a result file, print the metrics, and write metrics and figures into --out.

    Raises:
        UserError: a file cannot be used.
    """
    check_out_folder(args.out)
    left_out = LeftOut()
    distance = SurfaceDistance.load(args.surface)
    ground_truth = GroundTruth.load(args.annotations)
    results = ResultFile(args.results, ground_truth, left_out if args.lenient else refuse)
    metrics, correspondence = evaluate_results(
        tqdm(results, total=len(ground_truth), desc="images", disable=None),
        distance,
        PROTOCOLS[args.protocol],
        args.kappa,
    )
    for task, values in metrics.items():
        print(f"\n{task}\n{metrics_table(values)}")
    print(f"\n{results.num_results} results in {len(ground_truth)} annotated images")
    if results.num_beyond:
        print(f"{results.num_beyond} of them are beyond the 20 highest scores of their image")
    if results.num_passed_over:
        print(
            f"{results.num_passed_over} further results are not of people, or in images that the"
            " annotations leave out"
        )
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
