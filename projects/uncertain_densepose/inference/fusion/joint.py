"""The product of the models' joint Gaussians of a group of points."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch

from ...distributions import PartCorrelatedUV
from ...distributions.grouping import group_sum
from .inverse_covariance import product
from .rule import mean_of_counted


def joint(
    models: Sequence[PartCorrelatedUV], weight: torch.Tensor, informs: torch.Tensor
) -> PartCorrelatedUV:
    """The product over models k of N(m_k, D_k + E_k B_k E_kᵀ), the points of a group stacked.

    The product is exact and has the same form, with K = Σ_k K_k: each factor is an integral over
    the model's shared error z_k, and given z = (z_1 .. z_M) the points are independent. With
    Λ_k = D_k⁻¹, Λ = Σ_k Λ_k and the pointwise gains H_k = Λ⁻¹ Λ_k,

        y_i | z ~ N(m̄_i + W_i z, Λ_i⁻¹),   m̄ = Σ_k H_k m_k,   W = [H_1 E_1 | ... | H_M E_M].

    Integrating the points out leaves a Gaussian over z: the prior precision blockdiag(B_k⁻¹) plus
    the information in the models' disagreement,

        L_kk = Σ_i E_kᵀ Λ_k (Σ_{l≠k} H_l) E_k,   L_kl = -Σ_i E_kᵀ Λ_k H_l E_l,
        rhs_k = Σ_i E_kᵀ Λ_k (m̄ - m_k).

    So z has covariance S = B (I + L B)⁻¹ and mean S rhs, and the result has mean m̄ + W S rhs, own
    covariance Λ⁻¹, basis W and shared covariance S. All inverses exist at B = 0, where the rule
    equals `inverse_covariance`. The cost is O(P), plus a K x K system per group.

    Weights: D_k,i is divided by w_k,i, and B_k by the mean of w_k over the points of the group
    where it is above 0. So equal weights temper the whole density, and points of weight 0 leave the
    marginal density of the model's other points as it is.

    Args and shapes: see `FusionRule`. L and rhs are summed over the points that inform; the other
    points of a group use the same z.
    """
    group, num_groups = models[0].group, models[0].num_groups
    own_precision = torch.stack([model.own_precision() for model in models])
    precision = weight[:, :, None, None] * own_precision
    means = torch.stack([model.mean_uv for model in models])
    mean, covariance = product(precision, means)
    gain = covariance @ precision
    basis = torch.cat([h @ model.basis for h, model in zip(gain, models, strict=True)], dim=-1)

    shared = _block_diagonal(
        [
            model.shared_covariance
            / mean_of_counted(w, group, num_groups, informs & (w > 0), 1.0)[:, None, None]
            for w, model in zip(weight, models, strict=True)
        ]
    )
    information, evidence = _disagreement(
        [model.basis[informs] for model in models],
        precision[:, informs],
        gain[:, informs],
        (mean - means)[:, informs],
    )
    system = torch.eye(shared.shape[-1]).to(shared)
    system = system + group_sum(information, group[informs], num_groups) @ shared
    weighted = torch.linalg.solve(system, group_sum(evidence, group[informs], num_groups))
    z = shared @ weighted[:, :, None]
    # B (I + L B)⁻¹ = ((I + L B)⁻ᵀ B)ᵀ, and B is symmetric.
    posterior = torch.linalg.solve(system.mT, shared)
    return PartCorrelatedUV.from_own_covariance(
        mean + (basis @ z[group]).squeeze(-1),
        covariance,
        0.5 * (posterior + posterior.mT),
        group,
        basis,
    )


def _disagreement(
    bases: Sequence[torch.Tensor],
    precision: torch.Tensor,
    gain: torch.Tensor,
    off: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Each point's term of L (P, K, K) and of rhs (P, K).

    Args:
        bases: M tensors (P, 2, K_k). precision, gain: (M, P, 2, 2). off: (M, P, 2), m̄ - m_k.
    """
    models = range(len(bases))
    pulled = [precision[k] @ bases[k] for k in models]
    evidence = [(pulled[k].mT @ off[k, :, :, None]).squeeze(-1) for k in models]
    rows = []
    for k in models:
        # I - H_k, summed without cancellation for H_k near I.
        others = sum((gain[j] for j in models if j != k), torch.zeros_like(gain[k]))
        facing = [others @ bases[k] if j == k else -(gain[j] @ bases[j]) for j in models]
        rows.append(pulled[k].mT @ torch.cat(facing, dim=-1))
    information = torch.cat(rows, dim=-2)
    return 0.5 * (information + information.mT), torch.cat(evidence, dim=-1)


def _block_diagonal(blocks: Sequence[torch.Tensor]) -> torch.Tensor:
    """Block-diagonal (G, ΣK, ΣK) of blocks (G, K_k, K_k)."""
    ends = list(accumulate(block.shape[-1] for block in blocks))
    total = blocks[0].new_zeros(len(blocks[0]), ends[-1], ends[-1])
    for block, end in zip(blocks, ends, strict=True):
        start = end - block.shape[-1]
        total[:, start:end, start:end] = block
    return total
