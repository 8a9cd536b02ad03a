"""ENCE, the expected normalised calibration error: predicted against observed error, in bins.

Levi, Gispan, Giladi, Fetaya, *Evaluating and Calibrating Uncertainty Prediction in Regression
Tasks* (2019, arXiv:1905.11659).
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from .grouped_sums import tied_sums

NUM_RELIABILITY_BINS = 10


class ReliabilityBins(NamedTuple):
    """Points in N bins of rising predicted variance: the reliability diagram.

    Attributes:
        predicted_rms: (N,) float64, RMV: root of the mean predicted variance of a bin.
        observed_rms: (N,) float64, RMSE: root of the mean squared error per direction.
        count: (N,) int64, points in a bin.
    """

    predicted_rms: torch.Tensor
    observed_rms: torch.Tensor
    # Hides `tuple.count`, which is not needed.
    count: torch.Tensor  # type: ignore[assignment]


def reliability_bins(
    variance: torch.Tensor, squared_error: torch.Tensor, num_bins: int = NUM_RELIABILITY_BINS
) -> ReliabilityBins:
    """Bin points by predicted variance, with numbers of points as equal as ties allow.

    Points of the same variance share a bin, so the result does not depend on the order of points; a
    model with one variance for all has one bin.

    Args:
        variance: (P,) predicted variance per direction, above 0.
        squared_error: (P,) squared error per direction, |δ|² / 2, in the same unit.
        num_bins: the largest number of bins; empty ones are left out.
    """
    return tied_reliability_bins(tied_sums(variance, variance, squared_error), num_bins)


def tied_reliability_bins(
    sums: torch.Tensor, num_bins: int = NUM_RELIABILITY_BINS
) -> ReliabilityBins:
    """`reliability_bins` of points in T groups, whose points count as equal in variance.

    Args:
        sums: (3, T) numbers of points, sums of their variances and of their squared errors, with
            groups in the order of rising variance.
        num_bins: the largest number of bins.
    """
    end = sums[0].cumsum(0)
    total = int(sums[0].sum())
    rank = torch.arange(min(num_bins, total)) * total // max(1, min(num_bins, total))
    first = torch.searchsorted(end, rank.double(), right=True).unique()
    bins = torch.searchsorted(first, torch.arange(sums.shape[1]), right=True) - 1
    # Groups before the first that has a point are empty.
    of_bins = torch.zeros(3, len(first), dtype=torch.float64)
    of_bins.index_add_(1, bins[bins >= 0], sums[:, bins >= 0].double())
    count, variance, squared_error = of_bins
    return ReliabilityBins((variance / count).sqrt(), (squared_error / count).sqrt(), count.long())


def expected_normalised_calibration_error(bins: ReliabilityBins) -> float:
    """ENCE = mean |RMV - RMSE| / RMV over the bins, weighted by their points.

    With bins of equal size this is the paper's plain mean. It has no unit; 0 is perfect, and
    variances c times too small give sqrt(c) - 1. A calibrated model has about
    0.4 / sqrt(points in a bin). NaN without points.
    """
    error = (bins.predicted_rms - bins.observed_rms).abs() / bins.predicted_rms
    return ((error * bins.count).sum() / bins.count.sum()).item()
