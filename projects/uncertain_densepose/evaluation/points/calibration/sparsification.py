"""Sparsification: how the error falls as the points of the largest variance are left out.

Ilg et al., *Uncertainty Estimates and Multi-Hypotheses Networks for Optical Flow* (ECCV 2018).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from .grouped_sums import tied_sums

NUM_STEPS = 100


class SparsificationCurve(NamedTuple):
    """Mean error of the points that are left, relative to that of all points.

    Attributes:
        removed: (K,) float64, the shares removed, 0, 1 / K, .. (K - 1) / K.
        error: (K,) float64, for points removed in the order of falling uncertainty.
        oracle: (K,) float64, for points removed in the order of falling error, the best order.
    """

    removed: torch.Tensor
    error: torch.Tensor
    oracle: torch.Tensor


def sparsification_curve(
    uncertainty: torch.Tensor, error: torch.Tensor, num_steps: int = NUM_STEPS
) -> SparsificationCurve:
    """The sparsification curve of points; NaN without points, or if all errors are 0.

    Points of equal uncertainty are removed in random order, and the curve is the expectation: it is
    flat for a model with one uncertainty for all.

    Args:
        uncertainty: (P,), rising with the predicted error.
        error: (P,) distances, at least 0.
        num_steps: K.
    """
    by_uncertainty, by_error = (tied_sums(key, error) for key in (uncertainty, error))
    return tied_sparsification_curve(by_uncertainty, by_error, num_steps)


def tied_sparsification_curve(
    by_uncertainty: torch.Tensor, by_error: torch.Tensor, num_steps: int = NUM_STEPS
) -> SparsificationCurve:
    """`sparsification_curve` of points in groups, whose points count as equal.

    Args:
        by_uncertainty: (2, T) numbers of points and sums of their errors, with groups in the order
            of rising uncertainty.
        by_error: (2, T') the same points in groups of rising error.
        num_steps: K.
    """
    steps = torch.arange(num_steps)
    removed = steps / torch.tensor(num_steps, dtype=torch.float64)
    total = int(by_error[0].sum())
    if total == 0:
        return SparsificationCurve(removed, removed * torch.nan, removed * torch.nan)
    kept = total - total * steps // num_steps
    mean = by_error[1].sum() / total
    return SparsificationCurve(
        removed,
        _mean_of_the_least(by_uncertainty, kept) / mean,
        _mean_of_the_least(by_error, kept) / mean,
    )


def _mean_of_the_least(groups: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """(K,) mean error of the first `kept` (K,) points of groups (2, T); part of a group has its
    mean."""
    count, error = torch.nn.functional.pad(groups.double().cumsum(1), (1, 0)).numpy()
    return torch.from_numpy(np.interp(kept.numpy(), count, error)) / kept


def area_under_sparsification(curve: SparsificationCurve) -> float:
    """AUSE, the area between a sparsification curve and its oracle: 0 for a perfect order."""
    return torch.trapezoid(curve.error - curve.oracle, curve.removed).item()
