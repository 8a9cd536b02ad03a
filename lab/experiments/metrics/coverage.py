"""Coverage of regions of points, of the means of parts, and of whole parts.

The regions are ellipsoids of a given nominal share under the model. The point's is that of its
marginal covariance. The residuals of a part's N points have the mean δ̄ with covariance
Ē B Ēᵀ + Σ_i Σ_i / N², Ē the mean basis: independent models take the errors of a part to average
out. A whole part has δᵀ Σ⁻¹ δ ~ χ² with 2 N degrees of freedom. Groups of one point are left out of
the latter two, since they are points; and since the mean of two points is not much more, the means
of parts with `LARGE` points and more are counted apart as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from scipy.stats import chi2

from uncertain_densepose.distributions import AnisotropicUV, PartCorrelatedUV
from uncertain_densepose.distributions.base import UVDistribution
from uncertain_densepose.evaluation.points.calibration import (
    COVERAGE_LEVELS,
    ellipse_coverage,
    mahalanobis_squared,
)
from uncertain_densepose.evaluation.points.readings import noise_model
from uncertain_densepose.structures import PointPredictions

from ..outcome import Outcome
from .group_means import group_means, group_sizes

LARGE = 5
"""Points of a part from which on its mean says more of the part than of its points."""


def part_mean_covariance(distribution: UVDistribution, group: torch.Tensor) -> torch.Tensor:
    """(G, 2, 2) covariance of the mean residual of each group.

    Args:
        distribution: of P points; a joint one with the groups of `group`.
        group: (P,) int64 in 0..G-1, every group with a point.
    """
    count = group_sizes(group).to(distribution.mean_uv)[:, None, None]
    if not isinstance(distribution, PartCorrelatedUV):
        return group_means(distribution.covariance(), group) / count
    own = AnisotropicUV(distribution.mean_uv, distribution.variance_uv, distribution.direction)
    basis = group_means(distribution.basis, group)
    shared = basis @ distribution.shared_covariance @ basis.mT
    return shared + group_means(own.covariance(), group) / count


def part_mahalanobis_squared(
    distribution: UVDistribution, target_uv: torch.Tensor, group: torch.Tensor
) -> torch.Tensor:
    """(G,) δᵀ Σ⁻¹ δ of all points of a group together; arguments as above, target_uv (P, 2)."""
    distance = distribution.mahalanobis(target_uv)
    if isinstance(distribution, PartCorrelatedUV):
        return distance
    return group_means(distance, group) * group_sizes(group)


def chi_squared_coverage(distance_squared: torch.Tensor, degrees: torch.Tensor) -> torch.Tensor:
    """The share of values (N,) below the quantiles of their χ², one for each `COVERAGE_LEVELS`.

    Args:
        distance_squared: (N,); a value that is not a number is never covered.
        degrees: (N,) degrees of freedom.

    Returns:
        (L,) float64 in [0, 1], NaN without values.
    """
    radius = chi2.ppf(np.array(COVERAGE_LEVELS)[:, None], degrees.numpy())
    return (distance_squared <= torch.from_numpy(radius)).double().mean(dim=1)


def coverage_metrics(
    outcome: Outcome, noise_models: Mapping[str, PointPredictions]
) -> dict[str, float]:
    """Observed shares in percent of regions that should hold 50, 90 and 95 % of noisy labels.

    `coverage_{region}_{50, 90, 95}_{name}` for each noise model, the regions being `point`,
    `part_mean`, `large_part_mean` and `part_joint`.
    """
    group, target = outcome.group, outcome.uv_label
    residual = target - outcome.points.mean_uv
    sizes = group_sizes(group)
    several, large = sizes > 1, sizes >= LARGE
    mean_residual = group_means(residual, group)
    metrics: dict[str, float] = {}
    for name, points in noise_models.items():
        model = noise_model(points, group)
        of_means = mahalanobis_squared(mean_residual, part_mean_covariance(model, group))
        joint = part_mahalanobis_squared(model, target, group)
        observed = {
            "point": ellipse_coverage(mahalanobis_squared(residual, model.covariance())),
            "part_mean": ellipse_coverage(of_means[several]),
            "large_part_mean": ellipse_coverage(of_means[large]),
            "part_joint": chi_squared_coverage(joint[several], 2 * sizes[several]),
        }
        metrics |= {
            f"coverage_{region}_{100 * level:.0f}_{name}": 100 * share
            for region, shares in observed.items()
            for level, share in zip(COVERAGE_LEVELS, shares.tolist(), strict=True)
        }
    return metrics
