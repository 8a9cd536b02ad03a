"""ENCE: whether points with a larger predicted error have a larger error, as much as predicted.

Levi, Gispan, Giladi, Fetaya, *Evaluating and Calibrating Uncertainty Prediction in Regression
Tasks* (2019, arXiv:1905.11659).
"""

from __future__ import annotations

from typing import NamedTuple

import torch

NUM_BINS = 10


class ReliabilityBins(NamedTuple):
    """Points in N bins of rising predicted variance: the reliability diagram.

    Attributes:
        predicted_rms: (N,) float64, RMV: root of the mean predicted variance of a bin.
        observed_rms: (N,) float64, RMSE: root of the mean squared error per direction.
        count: (N,) int64, points in a bin.
    """

    predicted_rms: torch.Tensor
    observed_rms: torch.Tensor
    count: torch.Tensor


def reliability_bins(
    variance: torch.Tensor, squared_error: torch.Tensor, num_bins: int = NUM_BINS
) -> ReliabilityBins:
    """Bin points by predicted variance, as many in each bin as equal variances allow.

    Points of the same variance share a bin, so that the result does not hang on the order of the
    points; a model with one variance for all has one bin.

    Args:
        variance: (P,) predicted variance per direction, above 0.
        squared_error: (P,) squared error per direction, |δ|² / 2, in the same unit.
        num_bins: at most so many bins; those without a point are left out.
    """
    total = len(variance)
    variance, order = variance.double().sort()
    first = torch.arange(min(num_bins, total)) * total // max(1, min(num_bins, total))
    edges = torch.searchsorted(variance, variance[first]).unique()
    edges = torch.cat([edges[edges < total], torch.tensor([total])])
    count = edges.diff()
    bins = torch.repeat_interleave(torch.arange(len(count)), count)

    def root_mean(values: torch.Tensor) -> torch.Tensor:
        return (torch.zeros(len(count)).double().index_add(0, bins, values) / count).sqrt()

    return ReliabilityBins(root_mean(variance), root_mean(squared_error.double()[order]), count)


def expected_normalised_calibration_error(bins: ReliabilityBins) -> float:
    """ENCE = mean |RMV - RMSE| / RMV over the bins, weighted by their points.

    With bins of equal size this is the paper's plain mean. It has no unit: 0 is perfect, and
    variances that are c times too small give sqrt(c) - 1. Few points in a bin leave a calibrated
    model above 0, by about 0.4 / sqrt(points in a bin). NaN without points.
    """
    error = (bins.predicted_rms - bins.observed_rms).abs() / bins.predicted_rms
    return ((error * bins.count).sum() / bins.count.sum()).item()
