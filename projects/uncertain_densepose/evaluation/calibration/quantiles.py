"""The quantile curve: nominal against observed coverage, over all levels."""

from __future__ import annotations

from typing import NamedTuple

import torch

from .coverage import ellipse_coverage


class QuantileCurve(NamedTuple):
    """Observed against nominal shares; the diagonal is perfect, below it is overconfident.

    Attributes:
        nominal: (L,) float64, evenly spaced inside (0, 1).
        observed: (L,) float64, NaN without points.
    """

    nominal: torch.Tensor
    observed: torch.Tensor


def quantile_curve(mahalanobis_squared: torch.Tensor, num_levels: int = 99) -> QuantileCurve:
    """The share of points below each quantile of χ²₂.

    The calibration plot of Kuleshov et al., *Accurate Uncertainties for Deep Learning Using
    Calibrated Regression* (ICML 2018), of the squared Mahalanobis distance.

    Args:
        mahalanobis_squared: (P,).
        num_levels: L; 99 are the percents.
    """
    nominal = torch.arange(1, num_levels + 1, dtype=torch.float64) / (num_levels + 1)
    return QuantileCurve(nominal, ellipse_coverage(mahalanobis_squared, nominal))


def quantile_error(curve: QuantileCurve) -> float:
    """Mean |observed - nominal| over the levels, in [0, 1]; NaN without points."""
    return (curve.observed - curve.nominal).abs().mean().item()
