"""The product of the joint Gaussians of a group: what models say of a whole part at once."""

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

    It is exact and of the same kind again, of K = Σ_k K_k. For each factor is an integral over the
    model's own shared error z_k, and under all the integrals the points are independent given
    z = (z_1 .. z_M): with Λ_k = D_k⁻¹, Λ = Σ_k Λ_k and the pointwise gains H_k = Λ⁻¹ Λ_k,

        y_i | z ~ N(m̄_i + W_i z, Λ_i⁻¹),   m̄ = Σ_k H_k m_k,   W = [H_1 E_1 | ... | H_M E_M].

    Integrating the points out leaves a Gaussian of z: its prior precision blockdiag(B_k⁻¹) plus
    what the models' disagreement tells of their errors,

        L_kk = Σ_i E_kᵀ Λ_k (Σ_{l≠k} H_l) E_k,   L_kl = -Σ_i E_kᵀ Λ_k H_l E_l,
        rhs_k = Σ_i E_kᵀ Λ_k (m̄ - m_k).

    So z has the covariance S = B (I + L B)⁻¹ and the mean S rhs; the result has the mean
    m̄ + W S rhs, the own covariance Λ⁻¹, the basis W and the shared covariance S. Nothing is
    inverted that is singular at B = 0, where the rule is `inverse_covariance`. The cost is O(P) and
    a system of K coordinates a group.

    Weights: D_k,i / w_k,i instead of D_k,i, and B_k over the mean of w_k over those points of the
    group where it is above 0. Equal weights thus temper the whole density; weights of 0 leave
    the model's other points with their marginal density.

    Args and shapes: see `FusionRule`. The sums of L and rhs go over the points that inform; other
    points of a group take z from them.
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
    """What each point adds to L (P, K, K) and to rhs (P, K).

    Args:
        bases: M of (P, 2, K_k). precision, gain: (M, P, 2, 2). off: (M, P, 2) m̄ - m_k.
    """
    models = range(len(bases))
    pulled = [precision[k] @ bases[k] for k in models]
    evidence = [(pulled[k].mT @ off[k, :, :, None]).squeeze(-1) for k in models]
    rows = []
    for k in models:
        # The gains sum to I; the others' are summed so that no digits are lost when k has it all.
        others = sum((gain[j] for j in models if j != k), torch.zeros_like(gain[k]))
        facing = [others @ bases[k] if j == k else -(gain[j] @ bases[j]) for j in models]
        rows.append(pulled[k].mT @ torch.cat(facing, dim=-1))
    information = torch.cat(rows, dim=-2)
    return 0.5 * (information + information.mT), torch.cat(evidence, dim=-1)


def _block_diagonal(blocks: Sequence[torch.Tensor]) -> torch.Tensor:
    """(G, ΣK, ΣK) of (G, K_k, K_k)."""
    ends = list(accumulate(block.shape[-1] for block in blocks))
    total = blocks[0].new_zeros(len(blocks[0]), ends[-1], ends[-1])
    for block, end in zip(blocks, ends, strict=True):
        start = end - block.shape[-1]
        total[:, start:end, start:end] = block
    return total
