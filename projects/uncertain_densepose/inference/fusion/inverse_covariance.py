"""The product of the points' marginal Gaussians."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..part_field import PartField


def inverse_covariance(
    fields: Sequence[PartField], weight: torch.Tensor, informs: torch.Tensor
) -> PartField:
    """Σ⁻¹ = Σ_k w_k Σ_k⁻¹ and m = Σ Σ_k w_k Σ_k⁻¹ m_k, with Σ_k = D_k + E B_k Eᵀ at each point.

    The fusion of Neverova et al. (NeurIPS 2019). It knows nothing of the correlation of the points
    of a part, and neither does its result, whose points are independent (K = 0).

    Args and shapes: see `FusionRule`; `informs` does not matter.
    """
    covariance = torch.stack([field.covariance() for field in fields])
    precision = weight[:, :, None, None] * torch.linalg.inv(covariance)
    means = torch.stack([field.mean_uv for field in fields])
    mean, fused = product(precision, means)
    first = fields[0]
    return PartField(
        mean_uv=mean,
        own_covariance=fused,
        shared_covariance=fused.new_zeros(first.num_groups, 0, 0),
        basis=fused.new_zeros(len(fused), 2, 0),
        group=first.group,
    )


def product(precision: torch.Tensor, means: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The product of Gaussians at points.

    Args:
        precision: (M, P, 2, 2), of a positive definite sum over M. means: (M, P, 2).

    Returns:
        Its mean (P, 2) and covariance (P, 2, 2).
    """
    covariance = torch.linalg.inv(precision.sum(dim=0))
    weighted = (precision @ means[..., None]).sum(dim=0)
    return (covariance @ weighted).squeeze(-1), covariance
