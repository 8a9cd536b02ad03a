"""Correspondence accuracy: how far on the body annotated points are from where they were placed.

The measures of Guler et al. (CVPR 2018, section 4) and of Neverova et al. (NeurIPS 2019): the share
f(t) of points placed within t centimetres, and AUC_a = 1/a ∫ f(t) dt for t from 0 to a centimetres.
A point without an answer counts as infinitely far away: the prediction is background, no detection
stands for the person, or the point lies outside the detection's box.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ...surface import NUM_PARTS, PART_NAMES
from ..ground_truth import VISIBILITY_NAMES, AnnotatedImage
from ..totals import Totals
from .distance_totals import AUC_LIMITS_CM, THRESHOLDS_CM, DistanceTotals
from .point_answers import PointAnswers
from .surface_distance import SurfaceDistance

__all__ = ["THRESHOLDS_CM", "CorrespondenceTotals", "accuracy", "correspondence_totals"]

_NUM_VISIBILITIES = len(VISIBILITY_NAMES)


def accuracy(distance_m: np.ndarray) -> dict[str, float]:
    """`within_{t}cm` and `AUC{a}` of distances (P,) in metres, percent; NaN without points."""
    return DistanceTotals.of(distance_m).accuracy()


def _no_points(num_groups: int = 1):
    return field(default_factory=lambda: DistanceTotals.empty(num_groups))


@dataclass(frozen=True)
class CorrespondenceTotals(Totals):
    """The errors of points, as counts and sums.

    The trivial answer keeps the predicted part but puts every point at the centre of its chart
    (`surface_distance.chart_centres`): it shows what the coordinates are worth.

    Attributes:
        by_part: of the model against the annotated coordinates, as on DensePose-COCO; 25 groups,
            the annotated charts.
        by_visibility: the same points in the groups `VISIBILITY_NAMES`, but those of unknown
            visibility.
        trivial: of the trivial answer against the annotated coordinates.
        model_true, trivial_true: against coordinates without the annotator's error, at the points
            where they are known.
    """

    by_part: DistanceTotals = _no_points(NUM_PARTS + 1)
    by_visibility: DistanceTotals = _no_points(_NUM_VISIBILITIES)
    trivial: DistanceTotals = _no_points()
    model_true: DistanceTotals = _no_points()
    trivial_true: DistanceTotals = _no_points()

    def part_error_cm(self) -> np.ndarray:
        """(25,) float64, the model's mean error on each part, centimetres; NaN without points.

        Errors above 30 cm, and points without an answer, count as 30 cm: 30 (1 - AUC₃₀).
        """
        return AUC_LIMITS_CM[-1] * (1 - self.by_part.areas()[:, -1])

    def results(self) -> dict[str, float]:
        """`accuracy` of the model, shares of the trivial answer, and `num_points`.

        Names with `_true` are there only if true coordinates are known. Each part and visibility
        with points has `within_10cm`, `AUC30` and `num_points` under its name after a hyphen, which
        Detectron2 leaves out of its short lists.
        """
        results = self.by_part.accuracy() | _named("trivial_", self.trivial.shares())
        if self.model_true.num_points.any():
            results |= _named("", self.model_true.shares(), "_true")
            results |= _named("trivial_", self.trivial_true.shares(), "_true")
        results |= {"num_points": int(self.by_part.num_points.sum())}
        for part in range(1, NUM_PARTS + 1):
            results |= _of_group(self.by_part[part], PART_NAMES[part])
        for flag, name in enumerate(VISIBILITY_NAMES):
            results |= _of_group(self.by_visibility[flag], name)
        return results


def correspondence_totals(
    image: AnnotatedImage, answers: PointAnswers, distance: SurfaceDistance
) -> CorrespondenceTotals:
    """Compare answers with the annotations of an image; points of crowds do not count.

    Args:
        image: the annotations.
        answers: (P,) one at each annotated point.
        distance: the surface of the annotations.
    """
    counted = image.counted
    part, visibility, part_true, uv_true = (
        values[counted] for values in (image.part, image.visibility, image.part_true, image.uv_true)
    )
    centre = distance.centre_vertex(answers.part[counted])
    model_m = answers.distance_m[counted]
    trivial_m = distance.between_m(centre, answers.annotated_vertex[counted])
    totals = CorrespondenceTotals(
        by_part=DistanceTotals.of(model_m, part, NUM_PARTS + 1),
        trivial=DistanceTotals.of(trivial_m),
    )
    seen = visibility < _NUM_VISIBILITIES
    if seen.any():
        groups = DistanceTotals.of(model_m[seen], visibility[seen], _NUM_VISIBILITIES)
        totals = replace(totals, by_visibility=groups)
    known = np.isfinite(uv_true).all(axis=1)
    if known.any():
        true = distance.vertex(part_true[known], uv_true[known])
        model_m = distance.between_m(answers.vertex[counted][known], true)
        totals = replace(
            totals,
            model_true=DistanceTotals.of(model_m),
            trivial_true=DistanceTotals.of(distance.between_m(centre[known], true)),
        )
    return totals


def _named(prefix: str, metrics: dict[str, float], suffix: str = "") -> dict[str, float]:
    return {f"{prefix}{name}{suffix}": value for name, value in metrics.items()}


def _of_group(distances: DistanceTotals, name: str) -> dict[str, float]:
    (num_points,) = distances.num_points
    if num_points == 0:
        return {}
    metrics = distances.accuracy()
    return {
        f"within_10cm-{name}": metrics["within_10cm"],
        f"AUC30-{name}": metrics["AUC30"],
        f"num_points-{name}": int(num_points),
    }
