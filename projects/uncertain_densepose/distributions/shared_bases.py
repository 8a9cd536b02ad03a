"""Bases of the error that the points of a group share: E_i (2, K) in δ_i = E_i z_g + …"""

from __future__ import annotations

from collections.abc import Callable

import torch

from .grouping import group_mean


def offset_basis(mean_uv: torch.Tensor, group: torch.Tensor, num_groups: int) -> torch.Tensor:
    """A shift of the whole group, the model of Neverova et al. (2019): E_i = I.

    Args:
        mean_uv: (P, 2) chart units.
        group: (P,) int64 in 0..num_groups-1.
        num_groups: G.

    Returns:
        (P, 2, 2), an expanded view.
    """
    return torch.eye(2).to(mean_uv).expand(len(mean_uv), 2, 2)


def similarity_basis(mean_uv: torch.Tensor, group: torch.Tensor, num_groups: int) -> torch.Tensor:
    """A shift, a small rotation and a small scaling about the group's centre.

    :func:`similarity_about` with c_i = ŷ_i - (mean of ŷ over the group).

    Args and shapes as :func:`offset_basis`.

    Returns:
        (P, 2, 4), differentiable in `mean_uv`.
    """
    return similarity_about(mean_uv - group_mean(mean_uv, group, num_groups)[group])


def similarity_about(from_centre: torch.Tensor) -> torch.Tensor:
    """E_i = [I | J c_i | c_i] with J a quarter turn.

    The third coordinate of z_g is an angle in radians, the fourth a relative change of size.

    Args:
        from_centre: (P, 2) c_i, chart units, from the point that neither of them moves.

    Returns:
        (P, 2, 4).
    """
    u, v = from_centre.unbind(-1)
    one, zero = torch.ones_like(u), torch.zeros_like(u)
    rows = [torch.stack([one, zero, -v, u], dim=-1), torch.stack([zero, one, u, v], dim=-1)]
    return torch.stack(rows, dim=-2)


SharedBasis = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]

SHARED_BASES: dict[str, SharedBasis] = {"offset": offset_basis, "similarity": similarity_basis}
"""The bases by name, each called with (mean_uv, group, num_groups)."""

BASIS_OF_SIZE: dict[int, str] = {2: "offset", 4: "similarity"}
"""The basis that a shared covariance (K, K) is meant in, by K."""


def basis_of_size(size: int) -> SharedBasis:
    """The basis of `BASIS_OF_SIZE`.

    Raises:
        ValueError: there is none of that size.
    """
    if size not in BASIS_OF_SIZE:
        raise ValueError(f"a shared covariance is {tuple(BASIS_OF_SIZE)} wide, not {size}")
    return SHARED_BASES[BASIS_OF_SIZE[size]]
