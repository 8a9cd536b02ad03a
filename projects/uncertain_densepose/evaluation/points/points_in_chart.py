"""The annotated points of an image, read in the charts of their annotation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...structures import ChartMaps, PointPredictions
from ..ground_truth import AnnotatedImage
from .likelihood import group_points
from .matching import UNMATCHED
from .point_reading import read_predictions


@dataclass(frozen=True)
class CountedPoints:
    """The points of all people of an image but crowds, and the box that answers for each.

    Attributes:
        person, xy, part, uv: (P, ...) as in `AnnotatedImage`.
        box: (P,) int64, `UNMATCHED` for the points of a person without a box.
    """

    person: np.ndarray
    xy: np.ndarray
    part: np.ndarray
    uv: np.ndarray
    box: np.ndarray

    @staticmethod
    def of(image: AnnotatedImage, match: np.ndarray) -> CountedPoints:
        """The points of an image, given the box (G,) int64 in 0..D-1 of each person."""
        counted = ~image.iscrowd[image.person]
        person = image.person[counted]
        return CountedPoints(
            person, image.xy[counted], image.part[counted], image.uv[counted], match[person]
        )

    def __len__(self) -> int:
        return len(self.part)

    def read(
        self, maps: ChartMaps | None, boxes_xyxy: torch.Tensor
    ) -> tuple[np.ndarray, PointPredictions | None]:
        """The points that lie in their box.

        Args:
            maps: of D boxes; None if there are none.
            boxes_xyxy: (D, 4) pixels.

        Returns:
            (R,) int64 their indices in 0..P-1, and the predictions there in the charts of the
            annotation, float64; None instead if R = 0.
        """
        answered = np.flatnonzero(self.box != UNMATCHED)
        if maps is None or len(answered) == 0:
            return answered[:0], None
        inside, points = read_predictions(
            maps, boxes_xyxy, self.box[answered], self.xy[answered], part=self.part[answered]
        )
        return answered[inside], points if inside.any() else None


@dataclass(frozen=True)
class PointsInChart:
    """R annotated points that were read in the charts of their annotation.

    Attributes:
        predicted: float64 predictions.
        uv: (R, 2) float64 annotated coordinates, chart units.
        group: (R,) int64, the pair of person and part.
    """

    predicted: PointPredictions
    uv: torch.Tensor
    group: torch.Tensor

    @staticmethod
    def of(
        points: CountedPoints, maps: ChartMaps | None, boxes_xyxy: torch.Tensor
    ) -> PointsInChart | None:
        """The points of an image; None if there are no such points.

        Args:
            points: P of them.
            maps: of D boxes; None if there are none.
            boxes_xyxy: (D, 4) pixels.
        """
        read, predicted = points.read(maps, boxes_xyxy)
        if predicted is None:
            return None
        group = group_points(points.person[read], points.part[read])
        return PointsInChart(predicted, torch.as_tensor(points.uv[read]), torch.as_tensor(group))

    @property
    def residual_uv(self) -> torch.Tensor:
        """(R, 2) annotated minus predicted coordinates, chart units."""
        return self.uv - self.predicted.mean_uv
