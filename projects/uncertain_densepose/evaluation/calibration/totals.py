"""What evaluation keeps of points to tell whether a model is calibrated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from ...inference.metric import CM_PER_M, tangent_covariance_cm2
from .coverage import LEVELS, ellipse_coverage
from .ence import expected_normalised_calibration_error, reliability_bins
from .mahalanobis import mahalanobis_squared
from .quantiles import quantile_curve, quantile_error
from .sharpness import sharpness
from .sparsification import area_under_sparsification, sparsification_curve


class CalibrationPoints(NamedTuple):
    """Predicted and observed errors of P points, (P,) each; see the package for "variance".

    Attributes:
        mahalanobis_squared: under the marginal covariance.
        variance_uv, squared_error_uv: per direction, chart units².
        variance_cm2, squared_error_cm2: per tangent direction of the neutral body, cm².
    """

    mahalanobis_squared: torch.Tensor
    variance_uv: torch.Tensor
    squared_error_uv: torch.Tensor
    variance_cm2: torch.Tensor
    squared_error_cm2: torch.Tensor


@dataclass(frozen=True)
class CalibrationTotals:
    """The errors of points. Totals of disjoint sets add up.

    ENCE and sparsification sort all points, so they need each of them: 20 bytes a point.

    Attributes:
        chunks: (P_i, 5) float32 arrays, their columns those of `CalibrationPoints`.
    """

    chunks: tuple[np.ndarray, ...] = ()

    def __add__(self, other: CalibrationTotals) -> CalibrationTotals:
        return CalibrationTotals(self.chunks + other.chunks)

    def points(self) -> CalibrationPoints:
        """All points, float32."""
        empty = np.zeros((0, len(CalibrationPoints._fields)), dtype=np.float32)
        return CalibrationPoints(*torch.from_numpy(np.concatenate([empty, *self.chunks])).unbind(1))

    def results(self) -> dict[str, float]:
        """Figures of all points, NaN where there are none.

        `coverage_50`, `coverage_90`, `coverage_95` and `quantile_error` are percentages and the
        same in every unit. `variance_scale`, the mean squared Mahalanobis distance over 2, is the
        factor by which variances are too small. `sharpness_*` and `rms_error_*` are predicted and
        observed error per direction, in chart units and centimetres; `ence_*` and `ause_*` have no
        unit.
        """
        points = self.points()
        coverage = 100 * ellipse_coverage(points.mahalanobis_squared)
        return {
            **{
                f"coverage_{100 * p:.0f}": c for p, c in zip(LEVELS, coverage.tolist(), strict=True)
            },
            "quantile_error": 100 * quantile_error(quantile_curve(points.mahalanobis_squared)),
            "variance_scale": points.mahalanobis_squared.double().mean().item() / 2,
            **_errors("uv", points.variance_uv, points.squared_error_uv),
            **_errors("cm", points.variance_cm2, points.squared_error_cm2),
            "num_points": len(points.mahalanobis_squared),
        }


def _errors(unit: str, variance: torch.Tensor, squared_error: torch.Tensor) -> dict[str, float]:
    curve = sparsification_curve(variance, squared_error.double().sqrt())
    bins = reliability_bins(variance, squared_error)
    return {
        f"ence_{unit}": expected_normalised_calibration_error(bins),
        f"ause_{unit}": area_under_sparsification(curve),
        f"sharpness_{unit}": sharpness(variance),
        f"rms_error_{unit}": squared_error.double().mean().sqrt().item(),
    }


def calibration_totals(
    residual_uv: torch.Tensor, covariance_uv: torch.Tensor, jacobian_m: torch.Tensor
) -> CalibrationTotals:
    """The errors of P points.

    Centimetres are those of the tangent plane at the prediction: an error δ becomes J δ and its
    covariance J Σ Jᵀ. That is the distance on the body to first order.

    Args:
        residual_uv: (P, 2) float64, annotated minus predicted coordinates, chart units.
        covariance_uv: (P, 2, 2) float64, marginal, chart units².
        jacobian_m: (P, 3, 2), of the chart at the prediction, metres per chart unit.
    """
    residual_cm = CM_PER_M * (jacobian_m.double() @ residual_uv[:, :, None]).squeeze(-1)
    covariance_cm2 = torch.from_numpy(
        tangent_covariance_cm2(jacobian_m.double().numpy(), covariance_uv.numpy())
    )
    columns = CalibrationPoints(
        mahalanobis_squared(residual_uv, covariance_uv),
        _half_trace(covariance_uv),
        residual_uv.square().sum(-1) / 2,
        _half_trace(covariance_cm2),
        residual_cm.square().sum(-1) / 2,
    )
    return CalibrationTotals((torch.stack(columns, dim=1).float().numpy(),))


def _half_trace(matrix: torch.Tensor) -> torch.Tensor:
    return matrix.diagonal(dim1=-2, dim2=-1).sum(-1) / 2
