"""Correlation added afterwards: one shared variance for the predictions of an independent model.

The error that the points of a person's part share, δ_i = z_g + (what the model predicts) with
z_g ~ N(0, b I), has one unknown. The b of maximum likelihood on held-out annotations makes of any
independent model a correlated one, with the same means: a baseline that a model which was trained
to predict its shared error has to beat, and a remedy where there is no time to train.
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
"""Parts with fewer groups take the common value: a group tells two numbers about b, whose relative
error is therefore at least 1 / sqrt(groups)."""

CANDIDATES_PER_DECADE = 4
DECADES = 12
"""The range that is searched, downwards from ten times the largest squared residual."""


class SharedVarianceError(UserError, ValueError):
    """Predictions to which no shared variance can be fitted."""


def add_shared_variance(
    points: PointPredictions, shared_variance: float | torch.Tensor
) -> PointPredictions:
    """The predictions of an independent model, with a shared covariance b I.

    Args:
        points: P predictions with a variance.
        shared_variance: b, chart units²: one number, or (25,) one a part.
    """
    b = torch.as_tensor(shared_variance, dtype=torch.float64).expand(NUM_PARTS + 1)
    of_points = b.to(points.mean_uv)[points.part]
    identity = torch.eye(2).to(points.mean_uv)
    return replace(points, shared_covariance=of_points[:, None, None] * identity)


def fit_shared_variance(
    points: PointPredictions, target_uv: torch.Tensor, group: torch.Tensor
) -> float:
    """The shared variance of maximum likelihood, the same for all groups.

    The likelihood of several groups may have several maxima: candidates over twelve decades are
    tried before the best one's neighbourhood is searched by Brent's method.

    Args:
        points: P predictions with a variance and without a shared covariance.
        target_uv: (P, 2) annotated coordinates, chart units.
        group: (P,) int64, the pair of person and part of each point.

    Returns:
        b >= 0, chart units²; 0 where no shared error makes the annotations likelier.

    Raises:
        SharedVarianceError: there are no points, their residuals are not finite numbers, or the
            model predicts no variance or has a shared error already.
    """
    points, target_uv, group = _checked(points, target_uv, group)

    def nats(shared_variance: float) -> float:
        joint = add_shared_variance(points, shared_variance).distribution(group)
        return joint.log_prob(target_uv).sum().item()

    # A group's own maximum is below the square of its mean residual; the margin is for means that
    # are weighted with directions.
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

    Parts with fewer than `MIN_GROUPS_PER_PART` groups, and the background, take the value that is
    fitted to all groups together.

    Args:
        points, target_uv, group: as for :func:`fit_shared_variance`.
        part: (P,) int64 charts 1..24, the same within a group.

    Returns:
        (25,) float64 b, chart units².

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
        raise SharedVarianceError("the model predicts no variance to which one could be added")
    if points.shared_covariance is not None:
        raise SharedVarianceError("the model predicts a shared error already")
    if len(points) == 0:
        raise SharedVarianceError("a shared variance cannot be fitted to no points")
    points, target_uv = points.double(), target_uv.double()
    if not torch.isfinite(target_uv - points.mean_uv).all():
        raise SharedVarianceError("the predicted coordinates are not all finite numbers")
    return points, target_uv, torch.unique(group, return_inverse=True)[1]
