"""Temperatures: factors of a model's covariances, fitted to held-out annotations.

Of a model with a shared error there are two, Σ = a D + b E B Eᵀ: on images it was not trained on a
network may be too sure of its points and not of its parts. Guo et al. (ICML 2017) for classifiers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.optimize import minimize

from uncertain_densepose.distributions import PartCorrelatedUV
from uncertain_densepose.evaluation.points.readings import noise_model
from uncertain_densepose.evaluation.recalibration import MahalanobisTotals, fit_scalar
from uncertain_densepose.structures import PointPredictions

LOG_FACTOR_BOUND = 20.0
"""Factors are searched in exp(-20)..exp(20); a shared error that labels lack ends at the lower."""


@dataclass(frozen=True)
class Temperatures:
    """Factors of covariances.

    Attributes:
        point: a, of the points' own covariances s I + r rᵀ.
        shared: b, of the shared covariance; 1 without one.
    """

    point: float
    shared: float = 1.0

    def apply(self, points: PointPredictions) -> PointPredictions:
        """The same predictions with scaled covariances.

        Raises:
            ValueError: they have no variance.
        """
        if points.variance is None:
            raise ValueError("predictions without a variance have no covariance to scale")
        direction, shared = points.direction, points.shared_covariance
        return replace(
            points,
            variance=self.point * points.variance,
            direction=None if direction is None else self.point**0.5 * direction,
            shared_covariance=None if shared is None else self.shared * shared,
        )


def fit_temperatures(
    points: PointPredictions, target_uv: torch.Tensor, group: torch.Tensor
) -> Temperatures:
    """The factors of maximum likelihood.

    Without a shared error the one factor is in closed form (`recalibration.fit_scalar`); with one
    the two are found by L-BFGS over their logarithms, from (1, 1).

    Args:
        points: P float64 predictions with a variance.
        target_uv: (P, 2) annotated coordinates, chart units.
        group: (P,) int64 in 0..G-1, the pair of person and part of each point.

    Raises:
        RecalibrationError: of a model without a shared error, if there are no points or their
            distances are not positive numbers.
    """
    own = noise_model(points, group)
    if not isinstance(own, PartCorrelatedUV):
        totals = MahalanobisTotals.of(points.part, own.mahalanobis(target_uv))
        return Temperatures(fit_scalar(totals).variance_scale)

    # Copies, since tensors that were made in inference mode cannot be differentiated through.
    mean_uv, variance, direction, shared_covariance, target_uv = (
        value.clone()
        for value in (
            own.mean_uv,
            own.variance_uv,
            own.direction,
            own.shared_covariance,
            target_uv,
        )
    )

    def cost_and_gradient(log_factors: np.ndarray) -> tuple[float, np.ndarray]:
        logs = torch.tensor(log_factors, dtype=torch.float64, requires_grad=True)
        point, shared = logs.exp()
        scaled = PartCorrelatedUV(
            mean_uv,
            point * variance,
            point.sqrt() * direction,
            shared * shared_covariance,
            own.group,
            None if own.is_offset else own.basis,
        )
        cost = -scaled.log_prob(target_uv).sum() / len(target_uv)
        (gradient,) = torch.autograd.grad(cost, logs)
        return cost.item(), gradient.numpy()

    found = minimize(
        cost_and_gradient,
        np.zeros(2),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-LOG_FACTOR_BOUND, LOG_FACTOR_BOUND)] * 2,
        options={"ftol": 1e-12, "gtol": 1e-7},
    )
    point, shared = np.exp(found.x).tolist()
    return Temperatures(point, shared)
