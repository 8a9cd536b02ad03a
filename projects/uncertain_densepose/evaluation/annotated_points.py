"""A model's predictions at all annotated points of a data set, for fits that need them at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from detectron2.evaluation import inference_on_dataset
from detectron2.structures import Instances
from torch import nn

from ..structures import PointPredictions
from .ground_truth import AnnotatedImage, GroundTruthBoxModel
from .image_by_image import ImageByImageEvaluator, Reduction, points_in_given_boxes
from .points.points_in_chart import PointsInChart


class AnnotatedPointsEvaluator(ImageByImageEvaluator):
    """Keeps predictions at annotated points, from the outputs of a `GroundTruthBoxModel`.

    The result is `{"annotated_points": {"num_points": ..., "num_groups": ...}}`. Args and errors
    are those of `ImageByImageEvaluator`.

    Attributes:
        points: after `evaluate`, all points; None if none was read.
    """

    _expects_all_images = False

    def reset(self) -> None:
        """Forget all images."""
        super().reset()
        self.points: PointsInChart | None = None

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        return Reduction(kept=points_in_given_boxes(image, instances))

    def _summarise(
        self, images: list[AnnotatedImage], kept: list[Any], totals: tuple
    ) -> dict[str, dict]:
        self.points = _join([points for points in kept if points is not None])
        group = torch.zeros(0) if self.points is None else self.points.group
        counts = {"num_points": len(group), "num_groups": len(torch.unique(group))}
        return {"annotated_points": counts}


def read_annotated_points(
    model: nn.Module, loader: Iterable[list[dict]], dataset_name: str
) -> PointsInChart | None:
    """Run a model in the annotated boxes of images, in this process alone.

    Args:
        model: a `GeneralizedRCNN` with weights.
        loader: batches of Detectron2's test input, of the data set or of a part of it.
        dataset_name: registered with `json_file` in its metadata.

    Returns:
        The points that lie in their person's box, images in the order of their ids; None without
        any.

    Raises:
        AnnotationFileError: see `GroundTruth.of_dataset`.
    """
    evaluator = AnnotatedPointsEvaluator(dataset_name, distributed=False)
    inference_on_dataset(GroundTruthBoxModel.for_dataset(model, dataset_name), loader, evaluator)
    return evaluator.points


def _join(images: list[PointsInChart]) -> PointsInChart | None:
    if not images:
        return None
    groups, num_groups = [], 0
    for image in images:
        groups.append(image.group + num_groups)
        num_groups += int(image.group.max()) + 1
    return PointsInChart(
        PointPredictions.cat([image.predicted for image in images]),
        torch.cat([image.uv for image in images]),
        torch.cat(groups),
    )
