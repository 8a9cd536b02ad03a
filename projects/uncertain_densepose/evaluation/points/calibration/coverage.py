"""Coverage: whether the ellipses that should hold a share of the annotations hold that share.

A point lies in an ellipse when its squared Mahalanobis distance is at most a quantile of χ²₂; the
quantile curve is the coverage at all levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from .grouped_sums import binned_quantiles

COVERAGE_LEVELS = (0.5, 0.9, 0.95)
"""Nominal shares of the ellipses that result tables name."""


def mahalanobis_squared(residual: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    """δᵀ Σ⁻¹ δ of every point by itself; χ² with two degrees of freedom if Σ is right.

    It has no unit, and is the same in chart units and in centimetres: a linear map with full rank
    takes an ellipse and what lies in it to another.

    Args:
        residual: (P, 2) δ.
        covariance: (P, 2, 2) Σ, positive definite, in the square of its unit.

    Returns:
        (P,) of the type of `residual`, a sum of two squares (Σ = L D Lᵀ).
    """
    x, y = residual.unbind(-1)
    slope = covariance[:, 0, 1] / covariance[:, 0, 0]
    rest = covariance[:, 1, 1] - slope * covariance[:, 0, 1]
    return x.square() / covariance[:, 0, 0] + (y - slope * x).square() / rest


def ellipse_radius_squared(levels: torch.Tensor) -> torch.Tensor:
    """The quantiles of χ²₂, -2 log(1 - level): the squared Mahalanobis radii of the ellipses.

    Args:
        levels: (L,) in [0, 1).

    Returns:
        (L,) of the same type.
    """
    return -2 * torch.log1p(-levels)


def ellipse_counts(
    mahalanobis_squared: torch.Tensor, levels: Sequence[float] | torch.Tensor = COVERAGE_LEVELS
) -> torch.Tensor:
    """The observed number of points in the ellipses of the given nominal shares.

    Args:
        mahalanobis_squared: (P,); a value that is not a number lies in no ellipse.
        levels: (L,) in [0, 1).

    Returns:
        (L,) int64. Those of disjoint sets add up.
    """
    radius = ellipse_radius_squared(torch.as_tensor(levels, dtype=torch.float64))
    distance = mahalanobis_squared.double().nan_to_num(nan=torch.inf, posinf=torch.inf)
    return torch.searchsorted(distance.sort().values, radius, right=True)


def ellipse_coverage(
    mahalanobis_squared: torch.Tensor, levels: Sequence[float] | torch.Tensor = COVERAGE_LEVELS
) -> torch.Tensor:
    """The observed share of points in the ellipses: (L,) float64 in [0, 1], NaN without points.

    Args: as `ellipse_counts`.
    """
    count = torch.tensor(len(mahalanobis_squared), dtype=torch.float64)
    return ellipse_counts(mahalanobis_squared, levels) / count


class QuantileCurve(NamedTuple):
    """Observed against nominal shares; the diagonal is perfect, below it is overconfident.

    Attributes:
        nominal: (L,) float64, evenly spaced inside (0, 1).
        observed: (L,) float64, NaN without points.
    """

    nominal: torch.Tensor
    observed: torch.Tensor


class DistanceQuantiles(NamedTuple):
    """Quantiles of the squared Mahalanobis distance against those of χ²₂.

    The diagonal is perfect. A line beside it is a wrong size of the covariances: variances that are
    c times too small make all distances c times too large. A bend is a wrong shape, such as tails
    that are heavier than those of a Gaussian.

    Attributes:
        expected: (L,) float64, of χ²₂, rising.
        observed: (L,) float64, NaN without points.
    """

    expected: torch.Tensor
    observed: torch.Tensor


def even_levels(num_levels: int = 99) -> torch.Tensor:
    """(L,) float64 shares, evenly spaced inside (0, 1); 99 are the percents."""
    return torch.arange(1, num_levels + 1, dtype=torch.float64) / (num_levels + 1)


def quantile_curve(mahalanobis_squared: torch.Tensor, num_levels: int = 99) -> QuantileCurve:
    """The share of points below each quantile of χ²₂.

    The calibration plot of Kuleshov et al., *Accurate Uncertainties for Deep Learning Using
    Calibrated Regression* (ICML 2018), of the squared Mahalanobis distance.

    Args:
        mahalanobis_squared: (P,).
        num_levels: L, see `even_levels`.
    """
    counts = ellipse_counts(mahalanobis_squared, even_levels(num_levels))
    return counted_quantile_curve(counts, len(mahalanobis_squared))


def counted_quantile_curve(counts: torch.Tensor, num_points: int) -> QuantileCurve:
    """`quantile_curve` from the numbers of points (L,) in the ellipses of `even_levels`."""
    nominal = even_levels(len(counts))
    return QuantileCurve(nominal, counts / torch.tensor(num_points, dtype=torch.float64))


def quantile_error(curve: QuantileCurve) -> float:
    """Mean |observed - nominal| over the levels, in [0, 1]; NaN without points."""
    return (curve.observed - curve.nominal).abs().mean().item()


def distance_quantiles(bin_counts: torch.Tensor, num_levels: int = 99) -> DistanceQuantiles:
    """Quantiles of squared Mahalanobis distances, of which there are counts in bins.

    Args:
        bin_counts: (NUM_BINS,) points in each bin of `grouped_sums`.
        num_levels: L, see `even_levels`.
    """
    levels = even_levels(num_levels)
    return DistanceQuantiles(ellipse_radius_squared(levels), binned_quantiles(bin_counts, levels))
