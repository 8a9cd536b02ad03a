"""The average of models as distributions: the moments of their mixture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from ..part_field import PartField, basis_about
from .rule import mean_of_counted


def average(fields: Sequence[PartField], weight: torch.Tensor, informs: torch.Tensor) -> PartField:
    """The Gaussian with the moments of the mixture of shares q_k = w_k / Σ_l w_l.

    As `structures.chart_averaging`, with weights: m = Σ q_k m_k and
    D = Σ q_k (D_k + (m_k - m)(m_k - m)ᵀ), so that models which disagree make it less sure. The
    shared covariance is Σ q_k B_k, q averaged over the group, in the basis at m: as there, the
    basis of a similarity is taken to be the same for all models.

    Args and shapes: see `FusionRule`.
    """
    first = fields[0]
    group, num_groups = first.group, first.num_groups
    share = weight / weight.sum(dim=0)
    means = torch.stack([field.mean_uv for field in fields])
    mean = (share[:, :, None] * means).sum(dim=0)
    off = means - mean
    covariance = torch.stack([field.own_covariance for field in fields])
    spread = covariance + off[..., :, None] * off[..., None, :]

    size = max(field.basis.shape[-1] for field in fields)
    share_of_group = mean_of_counted(share.T, group, num_groups, informs, 1 / len(fields)).T
    shared = sum(
        q[:, None, None] * widened(field.shared_covariance, size)
        for q, field in zip(share_of_group, fields, strict=True)
    )
    centre = mean_of_counted(mean, group, num_groups, informs, 0.5)
    return PartField(
        mean_uv=mean,
        own_covariance=(share[:, :, None, None] * spread).sum(dim=0),
        shared_covariance=shared,
        basis=basis_about(mean, centre[group], size),
        group=group,
    )


def widened(shared_covariance: torch.Tensor, size: int) -> torch.Tensor:
    """(G, size, size): the same shared error (G, K, K) in the wider basis of `basis_about`."""
    missing = size - shared_covariance.shape[-1]
    return F.pad(shared_covariance, (0, missing, 0, missing))
