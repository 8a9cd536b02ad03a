"""Correspondence accuracy: the share of annotated points that are placed close enough.

The measure of Guler et al. (CVPR 2018) and of Neverova et al. (NeurIPS 2019). A point without an
answer counts as infinitely far away: where the prediction is background, where no detection stands
for the person, and where the point lies outside the detection's box.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .surface_distance import SurfaceDistance

THRESHOLDS_CM = (1, 2, 3, 5, 10, 20)
"""Distances on the neutral body below which a point counts, centimetres."""


@dataclass(frozen=True)
class ErrorCounts:
    """How many of a number of points lie below each threshold. Counts of disjoint sets add up.

    Attributes:
        below: (6,) int64, the points below each of `THRESHOLDS_CM`.
        num_points: all points.
    """

    below: np.ndarray = field(default_factory=lambda: np.zeros(len(THRESHOLDS_CM), dtype=np.int64))
    num_points: int = 0

    @staticmethod
    def of(distance_m: np.ndarray) -> ErrorCounts:
        """The counts of errors (P,) in metres, infinite ones included."""
        thresholds_m = np.array(THRESHOLDS_CM) / 100
        return ErrorCounts((distance_m[:, None] < thresholds_m).sum(axis=0), len(distance_m))

    def __add__(self, other: ErrorCounts) -> ErrorCounts:
        return ErrorCounts(self.below + other.below, self.num_points + other.num_points)

    def shares(self, prefix: str = "", suffix: str = "") -> dict[str, float]:
        """{prefix}within_{t}cm{suffix}: percent of the points, NaN where there are none."""
        return {
            f"{prefix}within_{threshold}cm{suffix}": 100 * int(below) / self.num_points
            if self.num_points
            else float("nan")
            for threshold, below in zip(THRESHOLDS_CM, self.below, strict=True)
        }


@dataclass(frozen=True)
class CorrespondenceTotals:
    """Error counts of a model and of the trivial answer, against two versions of the truth.

    The trivial answer keeps the predicted part and replaces the coordinates by the centre of its
    chart (`surface_distance.chart_centres`), so that it tells what the coordinates are worth.

    Attributes:
        model, trivial: against the annotated coordinates, as on DensePose-COCO.
        model_true, trivial_true: against coordinates without the annotator's error, over the
            points whose true coordinates are known.
    """

    model: ErrorCounts = field(default_factory=ErrorCounts)
    trivial: ErrorCounts = field(default_factory=ErrorCounts)
    model_true: ErrorCounts = field(default_factory=ErrorCounts)
    trivial_true: ErrorCounts = field(default_factory=ErrorCounts)

    def __add__(self, other: CorrespondenceTotals) -> CorrespondenceTotals:
        return CorrespondenceTotals(
            self.model + other.model,
            self.trivial + other.trivial,
            self.model_true + other.model_true,
            self.trivial_true + other.trivial_true,
        )

    def results(self) -> dict[str, float]:
        """Percentages and `num_points`; the rows `*_true` only if true coordinates are known."""
        results = self.model.shares() | self.trivial.shares(prefix="trivial_")
        if self.model_true.num_points:
            results |= self.model_true.shares(suffix="_true")
            results |= self.trivial_true.shares(prefix="trivial_", suffix="_true")
        return results | {"num_points": self.model.num_points}


def correspondence_totals(
    distance: SurfaceDistance,
    predicted_part: np.ndarray,
    predicted_uv: np.ndarray,
    part: np.ndarray,
    uv: np.ndarray,
    uv_true: np.ndarray,
) -> CorrespondenceTotals:
    """Compare predictions with annotations at P points.

    Args:
        distance: the surface of the annotations.
        predicted_part: (P,) charts 1..24; 0 where there is no answer.
        predicted_uv: (P, 2) chart units; anything where there is no answer.
        part: (P,) annotated charts 1..24.
        uv: (P, 2) annotated coordinates, chart units.
        uv_true: (P, 2) true coordinates in the same charts, NaN where unknown.
    """
    predicted = distance.vertex(predicted_part, predicted_uv)
    centre = distance.centre_vertex(predicted_part)
    annotated = distance.vertex(part, uv)
    known = np.isfinite(uv_true).all(axis=1)
    true = distance.vertex(part[known], uv_true[known])
    return CorrespondenceTotals(
        model=ErrorCounts.of(distance.between_m(predicted, annotated)),
        trivial=ErrorCounts.of(distance.between_m(centre, annotated)),
        model_true=ErrorCounts.of(distance.between_m(predicted[known], true)),
        trivial_true=ErrorCounts.of(distance.between_m(centre[known], true)),
    )
