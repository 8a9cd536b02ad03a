"""The joint model by way of `torch.distributions`: a normal for each group, groups of one size.

Shapes: G groups of N points each.
"""

from __future__ import annotations

import torch
from torch.distributions import LowRankMultivariateNormal, MultivariateNormal

from uncertain_densepose.distributions import own_covariance


def dense_normal(
    mean_uv: torch.Tensor,
    variance: torch.Tensor,
    direction: torch.Tensor,
    shared_covariance: torch.Tensor,
) -> MultivariateNormal:
    """The normal with Σ = blockdiag(s_i I + r_i r_iᵀ) + E B Eᵀ written out, E = [I; …; I].

    Args:
        mean_uv: (G, N, 2). variance: (G, N). direction: (G, N, 2).
        shared_covariance: (G, 2, 2) B.

    Returns:
        Of batch shape (G,) over (2N,) coordinates, point by point.
    """
    groups, points = variance.shape
    own = own_covariance(variance.flatten(), direction.flatten(0, 1)).view(groups, points, 2, 2)
    covariance = shared_covariance[:, None, :, None, :].expand(groups, points, 2, points, 2)
    # diag_embed puts the blocks at (point, point): (G, 2, 2, N, N) before the axes are sorted.
    blocks = torch.diag_embed(own.permute(0, 2, 3, 1)).permute(0, 3, 1, 4, 2)
    return MultivariateNormal(
        mean_uv.flatten(1),
        covariance_matrix=(covariance + blocks).reshape(groups, 2 * points, 2 * points),
        validate_args=False,
    )


def low_rank_normal(
    mean_uv: torch.Tensor,
    variance: torch.Tensor,
    direction: torch.Tensor,
    shared_covariance: torch.Tensor,
) -> LowRankMultivariateNormal:
    """The normal with Σ = W Wᵀ + D: W has the columns of B^½ and one column for each r_i.

    Args and returns as :func:`dense_normal`.
    """
    groups, points = variance.shape
    root = torch.linalg.cholesky(shared_covariance)
    offset = root[:, None].expand(groups, points, 2, 2).reshape(groups, 2 * points, 2)
    # (G, 2, N, N) to (G, N, 2, N): row (point, axis), column point.
    own = torch.diag_embed(direction.mT).transpose(1, 2).reshape(groups, 2 * points, points)
    return LowRankMultivariateNormal(
        mean_uv.flatten(1),
        cov_factor=torch.cat([offset, own], dim=-1),
        cov_diag=variance.repeat_interleave(2, dim=1),
        validate_args=False,
    )
