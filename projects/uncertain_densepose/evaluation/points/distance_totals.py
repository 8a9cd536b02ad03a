"""Distances on the body as counts and sums, into which images are added one by one.

The share of points within t is a count, and the area under its curve, AUC_a = 1/a ∫ f(t) dt, is the
mean of max(0, 1 - d / a) over the distances d of the points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..totals import Totals

THRESHOLDS_CM = (1, 2, 3, 5, 10, 20)
"""Distances on the neutral body below which a point counts as right, centimetres."""

AUC_LIMITS_CM = (10, 30)
"""The upper limits a of the areas under the curve, centimetres."""

BINS_PER_CM = 10
"""Bins are a millimetre wide: every threshold is an edge, so its share is exact."""

_EDGES_CM = np.arange(BINS_PER_CM * AUC_LIMITS_CM[-1] + 1) / BINS_PER_CM
_CM_PER_M = 100.0
_EDGES_M = _EDGES_CM / _CM_PER_M


class AccuracyCurve(NamedTuple):
    """The share of points below a distance.

    Attributes:
        distance_cm: (T,) float64, every millimetre from 0 to the greater of `AUC_LIMITS_CM`.
        share: (T,) float64 in [0, 1], exact.
    """

    distance_cm: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class DistanceTotals(Totals):
    """The distances of points in G groups.

    Attributes:
        count: (G, B) int64, points of a group in each bin, which includes its lower edge; the last
            bin has all that are further away or have no answer.
        area: (G, 2) float64, the sums of max(0, 1 - d / a) for `AUC_LIMITS_CM`.
    """

    count: np.ndarray
    area: np.ndarray

    @staticmethod
    def empty(num_groups: int = 1) -> DistanceTotals:
        """No points."""
        count = np.zeros((num_groups, len(_EDGES_M)), dtype=np.int64)
        return DistanceTotals(count, np.zeros((num_groups, len(AUC_LIMITS_CM))))

    @staticmethod
    def of(
        distance_m: np.ndarray, group: np.ndarray | None = None, num_groups: int = 1
    ) -> DistanceTotals:
        """The totals of P points.

        Args:
            distance_m: (P,) metres, infinite ones included.
            group: (P,) integer in 0..G-1; by default all points are in group 0.
            num_groups: G.
        """
        distance_m = np.asarray(distance_m, dtype=np.float64)
        group = np.zeros(len(distance_m), dtype=np.int64) if group is None else group
        num_bins = len(_EDGES_M)
        bins = np.searchsorted(_EDGES_M, distance_m, side="right") - 1
        cell = group.astype(np.int64) * num_bins + bins
        count = np.bincount(cell, minlength=num_groups * num_bins).reshape(num_groups, num_bins)
        areas = (area_under_curve(distance_m, limit) for limit in AUC_LIMITS_CM)
        sums = [np.bincount(group, weights=area, minlength=num_groups) for area in areas]
        return DistanceTotals(count, np.stack(sums, axis=1))

    def __getitem__(self, group: int) -> DistanceTotals:
        """The totals of one group, G = 1."""
        return DistanceTotals(self.count[[group]], self.area[[group]])

    @property
    def num_points(self) -> np.ndarray:
        """(G,) int64 points in each group."""
        return self.count.sum(axis=1)

    def areas(self) -> np.ndarray:
        """(G, 2) float64 in [0, 1], the areas under the curve; NaN without points."""
        with np.errstate(invalid="ignore"):
            return self.area / self.num_points[:, None]

    def curve(self) -> AccuracyCurve:
        """The accuracy of the points of all groups."""
        below = np.concatenate([[0], self.count.sum(axis=0).cumsum()[:-1]])
        with np.errstate(invalid="ignore"):
            return AccuracyCurve(_EDGES_CM, below / self.num_points.sum())

    def shares(self) -> dict[str, float]:
        """`within_{t}cm` of all points, percent; NaN without points."""
        share = 100 * self.curve().share
        return {f"within_{t}cm": float(share[t * BINS_PER_CM]) for t in THRESHOLDS_CM}

    def accuracy(self) -> dict[str, float]:
        """`shares` and `AUC{a}` of all points, percent; NaN without points."""
        with np.errstate(invalid="ignore"):
            areas = 100 * self.area.sum(axis=0) / self.num_points.sum()
        return self.shares() | {
            f"AUC{a}": float(area) for a, area in zip(AUC_LIMITS_CM, areas, strict=True)
        }


def area_under_curve(distance_m: np.ndarray, limit_cm: float) -> np.ndarray:
    """(P,) float64 max(0, 1 - d / a), whose mean is the area under the curve.

    Args:
        distance_m: (P,) d, metres, may be infinite.
        limit_cm: a, centimetres.
    """
    return np.maximum(1 - _CM_PER_M * np.asarray(distance_m, dtype=np.float64) / limit_cm, 0)
