"""Coverage: the share of annotations in the ellipses that should contain a given share.

A point lies in an ellipse when its squared Mahalanobis distance is at most a quantile of χ²₂; the
quantile curve is the coverage at all levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from .grouped_sums import binned_quantiles

COVERAGE_LEVELS = (0.5, 0.9, 0.95)
"""Nominal shares of the ellipses in result tables."""


def mahalanobis_squared(residual: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    """δᵀ Σ⁻¹ δ of each point, which is χ²₂-distributed if Σ is right.

    It is the same in chart units and in centimetres, since a linear map of full rank changes δ and
    Σ alike. With Σ = L D Lᵀ it is computed as a sum of two squares.

    Args:
        residual: (P, 2) δ.
        covariance: (P, 2, 2) Σ, positive definite, in the square of the unit of δ.

    Returns:
        (P,) of the type of `residual`.
    """
    x, y = residual.unbind(-1)
    slope = covariance[:, 0, 1] / covariance[:, 0, 0]
    rest = covariance[:, 1, 1] - slope * covariance[:, 0, 1]
    return x.square() / covariance[:, 0, 0] + (y - slope * x).square() / rest


def ellipse_radius_squared(levels: torch.Tensor) -> torch.Tensor:
    """(L,) squared Mahalanobis radii of ellipses of levels (L,) in [0, 1): the quantiles
    -2 log(1 - level) of χ²₂."""
    return -2 * torch.log1p(-levels)


def ellipse_counts(
    mahalanobis_squared: torch.Tensor, levels: Sequence[float] | torch.Tensor = COVERAGE_LEVELS
) -> torch.Tensor:
    """(L,) int64, the number of points in the ellipses of given nominal shares.

    Args:
        mahalanobis_squared: (P,); NaN lies in no ellipse.
        levels: (L,) in [0, 1).
    """
    radius = ellipse_radius_squared(torch.as_tensor(levels, dtype=torch.float64))
    distance = mahalanobis_squared.double().nan_to_num(nan=torch.inf, posinf=torch.inf)
    return torch.searchsorted(distance.sort().values, radius, right=True)


def ellipse_coverage(
    mahalanobis_squared: torch.Tensor, levels: Sequence[float] | torch.Tensor = COVERAGE_LEVELS
) -> torch.Tensor:
    """`ellipse_counts` as shares of all points, (L,) float64 in [0, 1]; NaN without points."""
    count = torch.tensor(len(mahalanobis_squared), dtype=torch.float64)
    return ellipse_counts(mahalanobis_squared, levels) / count


class QuantileCurve(NamedTuple):
    """Observed against nominal coverage: the diagonal is perfect, below it is overconfident.

    Attributes:
        nominal: (L,) float64, evenly spaced inside (0, 1).
        observed: (L,) float64, NaN without points.
    """

    nominal: torch.Tensor
    observed: torch.Tensor


class DistanceQuantiles(NamedTuple):
    """Quantiles of the squared Mahalanobis distance against those of χ²₂.

    The diagonal is perfect. Another line means covariances of the wrong size: variances c times too
    small make all distances c times too large. A bend means a wrong shape, such as heavy tails.

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
    """The share of squared Mahalanobis distances (P,) below each of L quantiles of χ²₂.

    The calibration plot of Kuleshov et al., *Accurate Uncertainties for Deep Learning Using
    Calibrated Regression* (ICML 2018).
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
    """L quantiles of squared Mahalanobis distances, from their counts (NUM_BINS,) in the bins of
    `grouped_sums`."""
    levels = even_levels(num_levels)
    return DistanceQuantiles(ellipse_radius_squared(levels), binned_quantiles(bin_counts, levels))
