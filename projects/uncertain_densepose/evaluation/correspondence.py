"""Correspondence accuracy: how far on the body annotated points are from where they were placed.

The measures of Guler et al. (CVPR 2018) and of Neverova et al. (NeurIPS 2019): the share of points
placed within t centimetres, f(t), and the area under its curve, AUC_a = 1/a ∫ f(t) dt for t from 0
to a centimetres (Guler et al., section 4), which is the mean over the points of max(0, 1 - d / a)
for their distances d. A point without an answer counts as infinitely far away: where the prediction
is background, where no detection stands for the person, and where the point lies outside the
detection's box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..surface import NUM_PARTS, PART_NAMES
from .ground_truth import AnnotatedImage
from .point_answers import PointAnswers
from .surface_distance import SurfaceDistance
from .visibility import VISIBILITY_NAMES

THRESHOLDS_CM = (1, 2, 3, 5, 10, 20)
"""Distances on the neutral body below which a point counts, centimetres."""

AUC_LIMITS_CM = (10, 30)
"""The limits a of the areas under the curve, centimetres."""

_CM_PER_M = 100.0


def accuracy(distance_m: np.ndarray) -> dict[str, float]:
    """`within_{t}cm` and `AUC{a}` of distances (P,) in metres, percent; NaN without points."""
    return _shares_within(distance_m) | {
        f"AUC{limit}": _percent(area_under_curve(distance_m, limit)) for limit in AUC_LIMITS_CM
    }


def area_under_curve(distance_m: np.ndarray, limit_cm: float) -> np.ndarray:
    """(P,) what each point adds to the area under the curve up to `limit_cm`; the mean is the area.

    Args:
        distance_m: (P,) metres, infinite ones included.
        limit_cm: centimetres.
    """
    return np.maximum(1 - _CM_PER_M * np.asarray(distance_m, dtype=np.float64) / limit_cm, 0)


@dataclass(frozen=True)
class CorrespondenceErrors:
    """The errors of P points. Those of disjoint sets are joined by `join`.

    The trivial answer keeps the predicted part and replaces the coordinates by the centre of its
    chart (`surface_distance.chart_centres`), so that it tells what the coordinates are worth.

    Attributes:
        part: (P,) uint8, annotated charts 1..24.
        visibility: (P,) uint8 of the limb, see `visibility`.
        model, trivial: (P,) float32 metres, against the annotated coordinates, as on
            DensePose-COCO; infinite without an answer.
        model_true, trivial_true: (P,) float32 metres, against coordinates without the annotator's
            error; NaN where these are not known.
    """

    part: np.ndarray
    visibility: np.ndarray
    model: np.ndarray
    trivial: np.ndarray
    model_true: np.ndarray
    trivial_true: np.ndarray

    @staticmethod
    def join(sets: Sequence[CorrespondenceErrors]) -> CorrespondenceErrors:
        """The errors of all sets, in their order."""
        integers, reals = np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=np.float32)
        return CorrespondenceErrors(
            *(np.concatenate([integers, *(getattr(s, n) for s in sets)]) for n in _INTEGERS),
            *(np.concatenate([reals, *(getattr(s, n) for s in sets)]) for n in _REALS),
        )

    def part_error_cm(self) -> np.ndarray:
        """(25,) float64, the mean error of the model on each part, centimetres; NaN without points.

        Errors count for 30 at most, those of points without an answer too: 30 (1 - AUC₃₀).
        """
        limit = AUC_LIMITS_CM[-1]
        missing = limit * (1 - area_under_curve(self.model, limit))
        total = np.bincount(self.part, weights=missing, minlength=NUM_PARTS + 1)
        count = np.bincount(self.part, minlength=NUM_PARTS + 1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def results(self) -> dict[str, float]:
        """`accuracy` of the model, shares of the trivial answer, and `num_points`.

        The rows `*_true` are there only if true coordinates are known. Then follow `within_10cm`,
        `AUC30` and `num_points` of each part and visibility that has points, with its name after a
        hyphen, which Detectron2 leaves out of its short lists.
        """
        results = accuracy(self.model) | _named("trivial_", _shares_within(self.trivial))
        known = ~np.isnan(self.model_true)
        if known.any():
            results |= _named("", _shares_within(self.model_true[known]), "_true")
            results |= _named("trivial_", _shares_within(self.trivial_true[known]), "_true")
        results |= {"num_points": len(self.model)}
        for part in range(1, NUM_PARTS + 1):
            results |= _of_group(self.model[self.part == part], PART_NAMES[part])
        for flag, name in enumerate(VISIBILITY_NAMES):
            results |= _of_group(self.model[self.visibility == flag], name)
        return results


_INTEGERS = ("part", "visibility")
_REALS = ("model", "trivial", "model_true", "trivial_true")


def correspondence_errors(
    image: AnnotatedImage, answers: PointAnswers, distance: SurfaceDistance
) -> CorrespondenceErrors:
    """Compare answers with annotations at the points of all people of an image but crowds.

    Args:
        image: its annotations.
        answers: (P,) one at each of its points.
        distance: the surface of the annotations.
    """
    counted = ~image.iscrowd[image.person]
    part, uv_true = image.part[counted], image.uv_true[counted]
    predicted = answers.vertex[counted]
    centre = distance.centre_vertex(answers.part[counted])
    known = np.isfinite(uv_true).all(axis=1)
    true = distance.vertex(part[known], uv_true[known])
    against_truth = np.full((2, len(part)), np.nan, dtype=np.float32)
    for row, vertex in zip(against_truth, (predicted, centre), strict=True):
        row[known] = distance.between_m(vertex[known], true)
    return CorrespondenceErrors(
        part=part.astype(np.uint8),
        visibility=image.visibility[counted],
        model=answers.distance_m[counted],
        trivial=distance.between_m(centre, answers.annotated_vertex[counted]),
        model_true=against_truth[0],
        trivial_true=against_truth[1],
    )


def _percent(values: np.ndarray) -> float:
    return 100 * float(np.mean(values)) if len(values) else float("nan")


def _shares_within(distance_m: np.ndarray) -> dict[str, float]:
    distance_m = np.asarray(distance_m, dtype=np.float64)
    return {f"within_{t}cm": _percent(distance_m < t / _CM_PER_M) for t in THRESHOLDS_CM}


def _named(prefix: str, metrics: dict[str, float], suffix: str = "") -> dict[str, float]:
    return {f"{prefix}{name}{suffix}": value for name, value in metrics.items()}


def _of_group(distance_m: np.ndarray, name: str) -> dict[str, float]:
    if len(distance_m) == 0:
        return {}
    metrics = accuracy(distance_m)
    return {
        f"within_10cm-{name}": metrics["within_10cm"],
        f"AUC30-{name}": metrics["AUC30"],
        f"num_points-{name}": len(distance_m),
    }
