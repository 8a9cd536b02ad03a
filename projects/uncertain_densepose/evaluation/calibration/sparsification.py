"""Sparsification: whether leaving out the points of the largest predicted variance helps.

Ilg et al., *Uncertainty Estimates and Multi-Hypotheses Networks for Optical Flow* (ECCV 2018).
"""

from __future__ import annotations

from typing import NamedTuple

import torch

NUM_STEPS = 100


class SparsificationCurve(NamedTuple):
    """Mean error of the points that are left, relative to that of all points.

    Attributes:
        removed: (K,) float64, shares removed: 0, 1 / K, .. (K - 1) / K.
        error: (K,) float64, removed in the order of falling uncertainty.
        oracle: (K,) float64, removed in the order of falling error: no order does better.
    """

    removed: torch.Tensor
    error: torch.Tensor
    oracle: torch.Tensor


def sparsification_curve(
    uncertainty: torch.Tensor, error: torch.Tensor, num_steps: int = NUM_STEPS
) -> SparsificationCurve:
    """Both curves start at 1 and are NaN without points, or where all errors are 0.

    Points of equal uncertainty are removed in random order: the curve is its expectation, and flat
    for a model with one uncertainty for all.

    Args:
        uncertainty: (P,) any number that rises with the predicted error.
        error: (P,) distances, at least 0.
        num_steps: K.
    """
    steps = torch.arange(num_steps)
    removed = steps / torch.tensor(num_steps, dtype=torch.float64)
    if len(error) == 0:
        return SparsificationCurve(removed, removed * torch.nan, removed * torch.nan)
    error = error.double()
    kept = len(error) - len(error) * steps // num_steps
    return SparsificationCurve(
        removed,
        _mean_of_the_least(uncertainty, error, kept) / error.mean(),
        _mean_of_the_least(error, error, kept) / error.mean(),
    )


def _mean_of_the_least(key: torch.Tensor, error: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """Mean error of the `kept` (K,) points of the smallest keys, ties averaged."""
    key, order = key.sort()
    _, tie, count = key.unique_consecutive(return_inverse=True, return_counts=True)
    mean = torch.zeros(len(count)).double().index_add(0, tie, error[order]) / count
    return mean[tie].cumsum(0)[kept - 1] / kept


def area_under_sparsification(curve: SparsificationCurve) -> float:
    """AUSE: the area between a sparsification curve and its oracle, 0 for a perfect order."""
    return torch.trapezoid(curve.error - curve.oracle, curve.removed).item()
