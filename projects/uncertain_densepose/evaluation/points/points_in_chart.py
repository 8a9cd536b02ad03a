"""The annotated points of an image, read in the charts of their annotation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from detectron2.structures import Instances

from ...structures import PointPredictions
from ..ground_truth import AnnotatedImage
from .likelihood import group_points
from .matching import UNMATCHED
from .point_reading import read_predictions


@dataclass(frozen=True)
class PointsInChart:
    """R annotated points that were read in the charts of their annotation.

    Attributes:
        predicted: float64 predictions.
        uv: (R, 2) float64 annotated coordinates, chart units.
        group: (R,) int64 in 0..G-1, the pair of person and part.
    """

    predicted: PointPredictions
    uv: torch.Tensor
    group: torch.Tensor

    @staticmethod
    def of(image: AnnotatedImage, instances: Instances, match: np.ndarray) -> PointsInChart | None:
        """The points of all people but crowds that lie in the box matched with their person.

        Args:
            image: its annotations.
            instances: D boxes, with `pred_densepose` unless there are none.
            match: (G,) int64 in 0..D-1, the instance that stands for each person, or `UNMATCHED`.

        Returns:
            None if there are no such points.
        """
        box = match[image.person]
        point = np.flatnonzero(image.counted & (box != UNMATCHED))
        if len(point) == 0:
            return None
        inside, predicted = read_predictions(
            instances.pred_densepose,
            instances.pred_boxes.tensor,
            box[point],
            image.xy[point],
            part=image.part[point],
        )
        point = point[inside]
        if len(point) == 0:
            return None
        group = group_points(image.person[point], image.part[point])
        return PointsInChart(predicted, torch.as_tensor(image.uv[point]), torch.as_tensor(group))

    @property
    def residual_uv(self) -> torch.Tensor:
        """(R, 2) annotated minus predicted coordinates, chart units."""
        return self.uv - self.predicted.mean_uv
