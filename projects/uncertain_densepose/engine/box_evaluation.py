"""The evaluation of a model on a data set, in detected and in annotated boxes."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from detectron2.evaluation import (
    DatasetEvaluator,
    DatasetEvaluators,
    inference_on_dataset,
    print_csv_format,
)
from detectron2.utils import comm
from torch import nn

from ..evaluation import GroundTruthBoxModel
from ..evaluation.files import write_metrics
from ..evaluation.points.point_totals import PointTotals
from ..surface import Surface
from ..visualization.evaluation_figures import draw_calibration_figures, draw_correspondence_figures
from .model_evaluation import ModelEvaluation


def evaluate_in_boxes(
    model: nn.Module,
    loader: Iterable,
    name: str,
    evaluation: ModelEvaluation,
    besides: DatasetEvaluator,
    detections_folder: str,
    output_dir: str,
) -> OrderedDict:
    """Evaluate a model on a data set, and `report_evaluation`.

    Args:
        model: with weights.
        loader: the batches of the data set.
        name: of the data set, as registered.
        evaluation: makes the evaluators of dense pose.
        besides: measures what is not dense pose.
        detections_folder: for the detections. output_dir: for the report.

    Returns:
        {task: {metric: value}} in the main process, {} in others.
    """
    detected = evaluation.in_detected_boxes(name, detections_folder)
    annotated = evaluation.in_annotated_boxes(name)
    both = DatasetEvaluators([besides, detected])
    results = inference_on_dataset(model, loader, both) or OrderedDict()
    in_annotated_boxes = GroundTruthBoxModel.for_dataset(model, name)
    results.update(inference_on_dataset(in_annotated_boxes, loader, annotated) or {})
    points = {"detected boxes": detected.totals, "annotated boxes": annotated.totals}
    report_evaluation(output_dir, name, results, points, evaluation.surface(name))
    return results


def report_evaluation(
    output_dir: str,
    name: str,
    results: OrderedDict,
    points: Mapping[str, PointTotals],
    surface: Surface,
) -> None:
    """Print results, write them as strict JSON (NaN is null) and draw figures of the sums over
    points; in the main process alone.

    Args:
        output_dir: for `metrics_<name>.json` and `figures_<name>/`.
        name: of what was evaluated.
        results: {task: {metric: value}}.
        points: sums over points, by the boxes in which they were read.
        surface: the body in the figures.
    """
    if not comm.is_main_process():
        return
    print_csv_format(results)
    write_metrics(os.path.join(output_dir, f"metrics_{name}.json"), results)
    folder = os.path.join(output_dir, f"figures_{name}")
    correspondence = {boxes: totals.correspondence for boxes, totals in points.items()}
    draw_correspondence_figures(folder, correspondence, surface)
    calibration = {boxes: totals.calibration for boxes, totals in points.items()}
    draw_calibration_figures(folder, calibration)
