"""What evaluation keeps of points to measure calibration."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from ....surface.metric import CM_PER_M, tangent_covariance_cm2
from ...totals import Totals
from .coverage import (
    COVERAGE_LEVELS,
    DistanceQuantiles,
    QuantileCurve,
    counted_quantile_curve,
    distance_quantiles,
    ellipse_counts,
    even_levels,
    mahalanobis_squared,
    quantile_error,
)
from .ence import expected_normalised_calibration_error, tied_reliability_bins
from .grouped_sums import NUM_BINS, binned_sums
from .sparsification import (
    SparsificationCurve,
    area_under_sparsification,
    tied_sparsification_curve,
)

_PERCENTS = even_levels()


def _zeros(*shape: int, dtype: torch.dtype = torch.float64):
    return field(default_factory=lambda: torch.zeros(shape, dtype=dtype))


@dataclass(frozen=True)
class ErrorTotals(Totals):
    """Predicted and observed errors of points in one unit.

    Attributes:
        by_variance: (4, NUM_BINS) float64, by predicted variance per direction: numbers of points,
            and sums of the variance, of the squared error per direction and of its root.
        by_error: (2, NUM_BINS) float64, by squared error: numbers of points, and sums of its root.
    """

    by_variance: torch.Tensor = _zeros(4, NUM_BINS)
    by_error: torch.Tensor = _zeros(2, NUM_BINS)

    @staticmethod
    def of(variance: torch.Tensor, squared_error: torch.Tensor) -> ErrorTotals:
        """The totals of P points.

        Args:
            variance: (P,) predicted per direction, in the square of the unit.
            squared_error: (P,) observed per direction, |δ|² / 2, likewise.
        """
        error = squared_error.double().sqrt()
        return ErrorTotals(
            binned_sums(variance, variance, squared_error, error),
            binned_sums(squared_error, error),
        )

    def sparsification(self) -> SparsificationCurve:
        """See `sparsification_curve`."""
        return tied_sparsification_curve(self.by_variance[[0, 3]], self.by_error)

    def results(self, unit: str) -> dict[str, float]:
        """ENCE, AUSE, predicted (sharpness) and observed error, under names that end in `unit`."""
        bins = tied_reliability_bins(self.by_variance[:3])
        count, variance, squared_error, _ = self.by_variance.sum(dim=1)
        return {
            f"ence_{unit}": expected_normalised_calibration_error(bins),
            f"ause_{unit}": area_under_sparsification(self.sparsification()),
            f"sharpness_{unit}": (variance / count).sqrt().item(),
            f"rms_error_{unit}": (squared_error / count).sqrt().item(),
        }


@dataclass(frozen=True)
class CalibrationTotals(Totals):
    """The errors of points, in tables of fixed size.

    Coverage, `variance_scale`, sharpness and RMS errors are exact. ENCE and sparsification need the
    order of the variances, of which only the bins are known (`grouped_sums`): points in one bin
    count as equal. This moves the borders between the bins of ENCE by less than 2.2 % of a
    variance, a sparsification curve by less than errors differ within a bin, and the oracle by at
    most 1.1 %.

    Attributes:
        num_points: P.
        covered: (99,) int64, points in the ellipses of 1 %, 2 %, .. 99 %.
        by_distance: (2, NUM_BINS) float64, by squared Mahalanobis distance under the marginal
            covariance: numbers of points, and sums of it.
        uv: errors in chart units, per direction.
        cm: errors in centimetres, per tangent direction of the neutral body.
    """

    num_points: int = 0
    covered: torch.Tensor = _zeros(len(_PERCENTS), dtype=torch.int64)
    by_distance: torch.Tensor = _zeros(2, NUM_BINS)
    uv: ErrorTotals = field(default_factory=ErrorTotals)
    cm: ErrorTotals = field(default_factory=ErrorTotals)

    def quantile_curve(self) -> QuantileCurve:
        """Observed coverage of the ellipses of 1 %, 2 %, .. 99 %."""
        return counted_quantile_curve(self.covered, self.num_points)

    def distance_quantiles(self) -> DistanceQuantiles:
        """Observed squared Mahalanobis distances against those of χ²₂."""
        return distance_quantiles(self.by_distance[0])

    def results(self) -> dict[str, float]:
        """The figures of all points; NaN without points.

        `coverage_50`, `coverage_90`, `coverage_95` and `quantile_error` are percentages.
        `variance_scale`, the mean squared Mahalanobis distance over 2, is the factor by which
        variances are too small. `sharpness_*` and `rms_error_*` are predicted and observed error
        per direction, in chart units and centimetres; `ence_*` and `ause_*` have no unit.
        """
        curve = self.quantile_curve()
        coverage = {round(100 * p): c for p, c in zip(*(x.tolist() for x in curve), strict=True)}
        count, distance = self.by_distance.sum(dim=1)
        return {
            **{f"coverage_{100 * p:.0f}": 100 * coverage[round(100 * p)] for p in COVERAGE_LEVELS},
            "quantile_error": 100 * quantile_error(curve),
            "variance_scale": (distance / count).item() / 2,
            **self.uv.results("uv"),
            **self.cm.results("cm"),
            "num_points": self.num_points,
        }


def calibration_totals(
    residual_uv: torch.Tensor, covariance_uv: torch.Tensor, jacobian_m: torch.Tensor
) -> CalibrationTotals:
    """The errors of P points, in chart units and in centimetres of the tangent plane.

    There an error δ is J δ and its covariance J Σ Jᵀ: distances on the body, to first order.

    Args:
        residual_uv: (P, 2) float64, annotated minus predicted coordinates, chart units.
        covariance_uv: (P, 2, 2) float64, marginal, chart units².
        jacobian_m: (P, 3, 2) J, of the chart at the prediction, metres per chart unit.
    """
    residual_cm = CM_PER_M * (jacobian_m.double() @ residual_uv[:, :, None]).squeeze(-1)
    covariance_cm2 = torch.from_numpy(
        tangent_covariance_cm2(jacobian_m.double().numpy(), covariance_uv.numpy())
    )
    distance = mahalanobis_squared(residual_uv, covariance_uv)
    return CalibrationTotals(
        len(residual_uv),
        ellipse_counts(distance, _PERCENTS),
        binned_sums(distance, distance),
        ErrorTotals.of(_half_trace(covariance_uv), residual_uv.square().sum(-1) / 2),
        ErrorTotals.of(_half_trace(covariance_cm2), residual_cm.square().sum(-1) / 2),
    )


def _half_trace(matrix: torch.Tensor) -> torch.Tensor:
    return matrix.diagonal(dim1=-2, dim2=-1).sum(-1) / 2
