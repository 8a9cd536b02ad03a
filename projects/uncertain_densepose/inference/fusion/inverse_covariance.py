"""The product of the points' marginal Gaussians."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...distributions import PartCorrelatedUV


def inverse_covariance(
    models: Sequence[PartCorrelatedUV], weight: torch.Tensor, informs: torch.Tensor
) -> PartCorrelatedUV:
    """Σ⁻¹ = Σ_k w_k Σ_k⁻¹ and m = Σ Σ_k w_k Σ_k⁻¹ m_k, with Σ_k = D_k + E B_k Eᵀ at each point.

    The fusion of Neverova et al. (NeurIPS 2019). It ignores the correlation of a part's points; in
    its result they are independent (K = 0).

    Args and shapes: see `FusionRule`; `informs` is not used.
    """
    covariance = torch.stack([model.covariance() for model in models])
    precision = weight[:, :, None, None] * torch.linalg.inv(covariance)
    means = torch.stack([model.mean_uv for model in models])
    mean, fused = product(precision, means)
    nothing = fused.new_zeros(models[0].num_groups, 0, 0)
    return PartCorrelatedUV.from_own_covariance(mean, fused, nothing, models[0].group)


def product(precision: torch.Tensor, means: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The product of Gaussians at points.

    Args:
        precision: (M, P, 2, 2), whose sum over M is positive definite. means: (M, P, 2).

    Returns:
        Its mean (P, 2) and covariance (P, 2, 2).
    """
    covariance = torch.linalg.inv(precision.sum(dim=0))
    weighted = (precision @ means[..., None]).sum(dim=0)
    return (covariance @ weighted).squeeze(-1), covariance
