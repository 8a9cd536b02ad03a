"""What evaluation keeps of the annotated points of an image, once each person has its box."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from ..structures import ChartMaps, PointPredictions
from .correspondence import CorrespondenceTotals, correspondence_totals
from .ground_truth import AnnotatedImage
from .likelihood import LikelihoodTotals, SquaredErrorTotals, group_points, likelihood_totals
from .matching import UNMATCHED
from .point_reading import read_points
from .surface_distance import SurfaceDistance


@dataclass(frozen=True)
class PointTotals:
    """Sums over annotated points. Totals of disjoint sets of images add up."""

    correspondence: CorrespondenceTotals = field(default_factory=CorrespondenceTotals)
    likelihood: LikelihoodTotals = field(default_factory=LikelihoodTotals)

    def __add__(self, other: PointTotals) -> PointTotals:
        return PointTotals(
            self.correspondence + other.correspondence, self.likelihood + other.likelihood
        )


@dataclass(frozen=True)
class _CountedPoints:
    """The points of all people of an image but crowds, and the box that answers for each.

    Attributes:
        person, xy, part, uv, uv_true: (P, ...) as in `AnnotatedImage`.
        box: (P,) int64, `UNMATCHED` for the points of a person without a box.
    """

    person: np.ndarray
    xy: np.ndarray
    part: np.ndarray
    uv: np.ndarray
    uv_true: np.ndarray
    box: np.ndarray

    @staticmethod
    def of(image: AnnotatedImage, match: np.ndarray) -> _CountedPoints:
        """The points of an image, given the box (G,) of each person."""
        counted = ~image.iscrowd[image.person]
        columns = (image.person, image.xy, image.part, image.uv, image.uv_true)
        return _CountedPoints(*(c[counted] for c in columns), match[image.person[counted]])

    def __len__(self) -> int:
        return len(self.part)

    def read(
        self, maps: ChartMaps | None, boxes_xyxy: torch.Tensor, annotated_part: bool
    ) -> tuple[np.ndarray, PointPredictions | None]:
        """Indices of the points that lie in their box, and the predictions there.

        None if there is no such point. `annotated_part`: read in the annotation's chart.
        """
        answered = np.flatnonzero(self.box != UNMATCHED)
        if maps is None or len(answered) == 0:
            return answered[:0], None
        part = self.part[answered] if annotated_part else None
        inside, points = read_points(
            maps, boxes_xyxy, self.box[answered], self.xy[answered], part=part
        )
        return answered[inside], points if inside.any() else None


def point_totals(
    image: AnnotatedImage,
    maps: ChartMaps | None,
    boxes_xyxy: torch.Tensor,
    match: np.ndarray,
    distance: SurfaceDistance,
    global_variance: float | None = None,
) -> PointTotals:
    """Correspondence and likelihood of the points of all people of an image, crowds left out.

    Args:
        image: its annotations.
        maps: of D boxes; None if there are none.
        boxes_xyxy: (D, 4) pixels.
        match: (G,) int64, the box that stands for each person, or `UNMATCHED`.
        distance: the surface of the annotations.
        global_variance: chart units², as in `likelihood_totals`.
    """
    points = _CountedPoints.of(image, match)
    predicted_part = np.zeros(len(points), dtype=np.int64)
    predicted_uv = np.zeros((len(points), 2))
    read, predicted = points.read(maps, boxes_xyxy, annotated_part=False)
    if predicted is not None:
        predicted_part[read] = predicted.part.numpy()
        predicted_uv[read] = predicted.mean_uv.numpy()
    correspondence = correspondence_totals(
        distance, predicted_part, predicted_uv, points.part, points.uv, points.uv_true
    )

    likelihood = LikelihoodTotals(num_points=len(points))
    read, in_chart = points.read(maps, boxes_xyxy, annotated_part=True)
    if in_chart is not None:
        group = group_points(points.person[read], points.part[read])
        likelihood = likelihood_totals(
            in_chart, points.uv[read], group, len(points), global_variance
        )
    return PointTotals(correspondence, likelihood)


def squared_error_totals(
    image: AnnotatedImage, maps: ChartMaps | None, boxes_xyxy: torch.Tensor, match: np.ndarray
) -> SquaredErrorTotals:
    """Squared residuals of the same points in the charts of the annotation; as `point_totals`."""
    points = _CountedPoints.of(image, match)
    read, in_chart = points.read(maps, boxes_xyxy, annotated_part=True)
    if in_chart is None:
        return SquaredErrorTotals()
    return SquaredErrorTotals.of(torch.as_tensor(points.uv[read]) - in_chart.mean_uv)
