"""The average of models: the moments of their mixture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from ...distributions import PartCorrelatedUV
from .rule import mean_of_counted


def average(
    models: Sequence[PartCorrelatedUV], weight: torch.Tensor, informs: torch.Tensor
) -> PartCorrelatedUV:
    """The Gaussian with the moments of the mixture with weights q_k = w_k / Σ_l w_l.

    As in `structures.chart_averaging`, with weights: m = Σ q_k m_k and
    D = Σ q_k (D_k + (m_k - m)(m_k - m)ᵀ), so that disagreement between models adds variance. The
    shared covariance is Σ q_k B_k, with q averaged over the group, in the basis at m; the basis of
    a similarity is assumed to be the same for all models.

    Args and shapes: see `FusionRule`.
    """
    first = models[0]
    group, num_groups = first.group, first.num_groups
    share = weight / weight.sum(dim=0)
    means = torch.stack([model.mean_uv for model in models])
    mean = (share[:, :, None] * means).sum(dim=0)
    off = means - mean
    covariance = torch.stack([model.own_covariance() for model in models])
    spread = covariance + off[..., :, None] * off[..., None, :]

    size = max(model.shared_size for model in models)
    share_of_group = mean_of_counted(share.T, group, num_groups, informs, 1 / len(models)).T
    shared = sum(
        q[:, None, None] * widened(model.shared_covariance, size)
        for q, model in zip(share_of_group, models, strict=True)
    )
    centre = mean_of_counted(mean, group, num_groups, informs, 0.5)
    own = (share[:, :, None, None] * spread).sum(dim=0)
    return PartCorrelatedUV.from_own_covariance(mean, own, shared, group, centre_uv=centre[group])


def widened(shared_covariance: torch.Tensor, size: int) -> torch.Tensor:
    """A shared covariance (G, K, K) in a larger basis of `SHARED_BASES`: (G, size, size)."""
    missing = size - shared_covariance.shape[-1]
    return F.pad(shared_covariance, (0, missing, 0, missing))
