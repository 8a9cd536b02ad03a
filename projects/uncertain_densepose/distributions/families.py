"""The family of a noise model, which follows from the terms that it has."""

from __future__ import annotations

import torch

from .anisotropic import AnisotropicUV
from .base import UVDistribution
from .isotropic import IsotropicUV
from .part_correlated import PartCorrelatedUV


def uv_distribution(
    mean_uv: torch.Tensor,
    variance: torch.Tensor,
    direction: torch.Tensor | None = None,
    shared_covariance: torch.Tensor | None = None,
    group: torch.Tensor | None = None,
    centre_uv: torch.Tensor | None = None,
) -> UVDistribution:
    """`IsotropicUV`; `AnisotropicUV` with a direction, `PartCorrelatedUV` with a shared error.

    Args:
        mean_uv: (P, 2) chart units.
        variance: (P,) s, chart units², above 0.
        direction: (P, 2) r, chart units; None for 0.
        shared_covariance: (G, K, K) B, or None for a model without a shared error.
        group: (P,) int64 in 0..G-1, needed with a shared error alone.
        centre_uv: as of `PartCorrelatedUV`.

    Raises:
        ValueError: there is a shared error and no group, or shapes do not fit.
    """
    if shared_covariance is not None:
        if group is None:
            raise ValueError("a shared error needs the group of each point")
        direction = torch.zeros_like(mean_uv) if direction is None else direction
        return PartCorrelatedUV(
            mean_uv, variance, direction, shared_covariance, group, centre_uv=centre_uv
        )
    if direction is not None:
        return AnisotropicUV(mean_uv, variance, direction)
    return IsotropicUV(mean_uv, variance)
