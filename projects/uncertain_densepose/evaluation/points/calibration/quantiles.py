"""The quantile curve: nominal against observed coverage, over all levels."""

from __future__ import annotations

from typing import NamedTuple

import torch

from .coverage import ellipse_counts, ellipse_radius_squared
from .square_bins import binned_quantiles


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
        bin_counts: (NUM_BINS,) points in each bin of `square_bins`.
        num_levels: L, see `even_levels`.
    """
    levels = even_levels(num_levels)
    return DistanceQuantiles(ellipse_radius_squared(levels), binned_quantiles(bin_counts, levels))
