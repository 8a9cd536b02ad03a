"""Calibration: whether errors are as large as a model predicts.

An error δ has two tangent directions and a predicted variance per direction, trace(Σ) / 2; a
calibrated model has E |δ|² / 2 = trace(Σ) / 2. Covariances are marginal. Under a joint model the
points of a part err together, so figures scatter more than their number of points suggests.
"""

from .coverage import (
    COVERAGE_LEVELS,
    DistanceQuantiles,
    QuantileCurve,
    distance_quantiles,
    ellipse_counts,
    ellipse_coverage,
    ellipse_radius_squared,
    mahalanobis_squared,
    quantile_curve,
    quantile_error,
)
from .ence import (
    ReliabilityBins,
    expected_normalised_calibration_error,
    reliability_bins,
    tied_reliability_bins,
)
from .grouped_sums import BIN_RATIO, binned_quantiles, binned_sums
from .sparsification import (
    SparsificationCurve,
    area_under_sparsification,
    sparsification_curve,
    tied_sparsification_curve,
)
from .totals import CalibrationTotals, ErrorTotals, calibration_totals

__all__ = [
    "BIN_RATIO",
    "COVERAGE_LEVELS",
    "CalibrationTotals",
    "DistanceQuantiles",
    "ErrorTotals",
    "QuantileCurve",
    "ReliabilityBins",
    "SparsificationCurve",
    "area_under_sparsification",
    "binned_quantiles",
    "binned_sums",
    "calibration_totals",
    "distance_quantiles",
    "ellipse_counts",
    "ellipse_coverage",
    "ellipse_radius_squared",
    "expected_normalised_calibration_error",
    "mahalanobis_squared",
    "quantile_curve",
    "quantile_error",
    "reliability_bins",
    "sparsification_curve",
    "tied_reliability_bins",
    "tied_sparsification_curve",
]
