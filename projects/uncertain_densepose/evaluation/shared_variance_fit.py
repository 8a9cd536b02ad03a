"""Correlation added afterwards: one shared variance for the predictions of an independent model.

With δ_i = z_g + (the predicted error), z_g ~ N(0, b I) for each person and part g, the maximum
likelihood b on held-out annotations makes an independent model a correlated one with the same
means: a baseline for models trained to predict their shared error, and a remedy without training.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from ..errors import UserError
from ..structures import PointPredictions
from ..surface import NUM_PARTS

MIN_GROUPS_PER_PART = 50
"""Parts with fewer groups take the common value: a group gives two samples of the shared error, so
the relative error of b is at least 1 / sqrt(groups)."""

CANDIDATES_PER_DECADE = 4
DECADES = 12
"""The range of the search, downwards from ten times the largest squared residual."""


class SharedVarianceError(UserError, ValueError):
    """Predictions to which no shared variance can be fitted."""


def add_shared_variance(
    points: PointPredictions, shared_variance: float | torch.Tensor
) -> PointPredictions:
    """Predictions with a shared covariance b I.

    Args:
        points: P predictions with a variance.
        shared_variance: b, chart units²: one number, or (25,) by chart.
    """
    b = torch.as_tensor(shared_variance, dtype=torch.float64).expand(NUM_PARTS + 1)
    of_points = b.to(points.mean_uv)[points.part]
    identity = torch.eye(2).to(points.mean_uv)
    return replace(points, shared_covariance=of_points[:, None, None] * identity)


def fit_shared_variance(
    points: PointPredictions, target_uv: torch.Tensor, group: torch.Tensor
) -> float:
    """The maximum-likelihood shared variance, the same for all groups.

    The likelihood may have several maxima, so candidates over twelve decades are tried before
    Brent's method searches around the best of them.

    Args:
        points: P predictions with a variance and without a shared covariance.
        target_uv: (P, 2) annotated coordinates, chart units.
        group: (P,) int64, the pair of person and part of each point.

    Returns:
        b >= 0, chart units²; 0 if no shared error makes the annotations likelier.

    Raises:
        SharedVarianceError: there are no points, their residuals are not finite numbers, or the
            model predicts no variance or has a shared error already.
    """
    points, target_uv, group = _checked(points, target_uv, group)

    def nats(shared_variance: float) -> float:
        joint = add_shared_variance(points, shared_variance).distribution(group)
        return joint.log_prob(target_uv).sum().item()

    # The maximum of a group is below its squared mean residual; the margin is for means that are
    # weighted with directions.
    largest = 10 * (target_uv - points.mean_uv).square().sum(-1).max().item()
    independent = nats(0.0)
    if largest == 0:
        return 0.0
    logs = math.log(largest) + math.log(10) * np.linspace(
        -DECADES, 0, DECADES * CANDIDATES_PER_DECADE + 1
    )
    best = int(np.argmax([nats(math.exp(value)) for value in logs]))
    neighbourhood = logs[max(best - 1, 0)], logs[min(best + 1, len(logs) - 1)]
    found = minimize_scalar(
        lambda value: -nats(math.exp(value)),
        bounds=neighbourhood,
        method="bounded",
        options={"xatol": 1e-6},
    )
    return math.exp(found.x) if -found.fun > independent else 0.0


def fit_shared_variance_per_part(
    points: PointPredictions, target_uv: torch.Tensor, group: torch.Tensor, part: torch.Tensor
) -> torch.Tensor:
    """:func:`fit_shared_variance` for each part.

    Args:
        points, target_uv, group: as for :func:`fit_shared_variance`.
        part: (P,) int64 charts 1..24, the same within a group.

    Returns:
        (25,) float64 b by chart, chart units². The background, and parts with fewer than
        `MIN_GROUPS_PER_PART` groups, have the value fitted to all groups together.

    Raises:
        SharedVarianceError: as :func:`fit_shared_variance`.
    """
    common = fit_shared_variance(points, target_uv, group)
    fitted = torch.full((NUM_PARTS + 1,), common, dtype=torch.float64)
    for own in torch.unique(part).tolist():
        mine = part == own
        if len(torch.unique(group[mine])) >= MIN_GROUPS_PER_PART:
            fitted[own] = fit_shared_variance(points[mine], target_uv[mine], group[mine])
    return fitted


def _checked(
    points: PointPredictions, target_uv: torch.Tensor, group: torch.Tensor
) -> tuple[PointPredictions, torch.Tensor, torch.Tensor]:
    """The arguments in float64, with groups numbered without gaps."""
    if points.variance is None:
        raise SharedVarianceError("the model predicts no variance; a shared one needs it")
    if points.shared_covariance is not None:
        raise SharedVarianceError("the model predicts a shared error already")
    if len(points) == 0:
        raise SharedVarianceError("there are no points to fit a shared variance to")
    points, target_uv = points.double(), target_uv.double()
    if not torch.isfinite(target_uv - points.mean_uv).all():
        raise SharedVarianceError("predicted or annotated coordinates are not finite")
    return points, target_uv, torch.unique(group, return_inverse=True)[1]
