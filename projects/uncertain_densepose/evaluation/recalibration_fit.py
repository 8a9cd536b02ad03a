"""Fitting a recalibration to a model's predictions in annotated boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from detectron2.evaluation import inference_on_dataset
from detectron2.structures import Instances
from torch import nn

from .ground_truth.ground_truth import AnnotatedImage
from .ground_truth.ground_truth_boxes import GroundTruthBoxModel
from .image_by_image import ImageByImageEvaluator, Reduction, maps_and_boxes, match_by_annotation
from .points.point_totals import mahalanobis_totals
from .recalibration import MahalanobisTotals, Recalibration, fit_scalar


class MahalanobisEvaluator(ImageByImageEvaluator):
    """Sums what a recalibration is fitted to, from the outputs of a `GroundTruthBoxModel`.

    The result is `{"recalibration": {"variance_scale": ..., "num_points": ...}}`, the factor of
    `fit_scalar`, NaN if no point was read; `totals` has the sums of all parts after `evaluate`.

    Args and errors: as `GlobalVarianceEvaluator`; `RecalibrationError` for a model that predicts no
    variance.
    """

    _expects_all_images = False
    _no_totals = MahalanobisTotals

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        match = match_by_annotation(image, instances)
        return Reduction(mahalanobis_totals(image, *maps_and_boxes(instances), match))

    def _summarise(
        self, images: list[AnnotatedImage], kept: list[Any], totals: MahalanobisTotals
    ) -> dict[str, dict]:
        count = int(totals.num_points.sum())
        scale = fit_scalar(totals).variance_scale if count else float("nan")
        return {"recalibration": {"variance_scale": scale, "num_points": count}}


def fit_recalibration(
    model: nn.Module,
    loader: Iterable[list[dict]],
    dataset_name: str,
    fit: Callable[[MahalanobisTotals], Recalibration] = fit_scalar,
) -> Recalibration:
    """Fit factors of a model's covariances to held-out annotations, in one process.

    Args:
        model: a `GeneralizedRCNN` with weights.
        loader: batches of Detectron2's test input, of the data set or of a part of it. The images
            should be neither those of training, on which errors are smaller, nor those on which
            the recalibrated model will be judged.
        dataset_name: registered with `json_file` in its metadata.
        fit: `fit_scalar` or `fit_per_part`.

    Raises:
        AnnotationFileError: see `GroundTruth.of_dataset`.
        RecalibrationError: the model predicts no variance, no point was read, or predictions are
            not finite.
    """
    evaluator = MahalanobisEvaluator(dataset_name, distributed=False)
    inference_on_dataset(GroundTruthBoxModel.for_dataset(model, dataset_name), loader, evaluator)
    return fit(evaluator.totals)
