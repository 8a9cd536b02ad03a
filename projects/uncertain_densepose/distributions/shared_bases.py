"""Bases of the error that the points of a group share: E_i (2, K) in δ_i = E_i z_g + …"""

from __future__ import annotations

from collections.abc import Callable

import torch

from .grouping import group_mean

SharedBasis = Callable[[torch.Tensor, torch.Tensor, int, torch.Tensor | None], torch.Tensor]


def no_basis(
    mean_uv: torch.Tensor,
    group: torch.Tensor,
    num_groups: int,
    centre_uv: torch.Tensor | None = None,
) -> torch.Tensor:
    """Nothing is shared: (P, 2, 0). Args as :func:`similarity_basis`."""
    return mean_uv.new_zeros(len(mean_uv), 2, 0)


def offset_basis(
    mean_uv: torch.Tensor,
    group: torch.Tensor,
    num_groups: int,
    centre_uv: torch.Tensor | None = None,
) -> torch.Tensor:
    """A shift of the whole group, the model of Neverova et al. (2019): E_i = I.

    Args as :func:`similarity_basis`.

    Returns:
        (P, 2, 2), an expanded view.
    """
    return torch.eye(2).to(mean_uv).expand(len(mean_uv), 2, 2)


def similarity_basis(
    mean_uv: torch.Tensor,
    group: torch.Tensor,
    num_groups: int,
    centre_uv: torch.Tensor | None = None,
) -> torch.Tensor:
    """A shift, a small rotation and a small scaling about a centre: :func:`similarity_about`.

    Args:
        mean_uv: (P, 2) ŷ, chart units.
        group: (P,) int64 in 0..num_groups-1.
        num_groups: G.
        centre_uv: (P, 2) what is turned and scaled about, chart units; by default the mean of ŷ
            over the group.

    Returns:
        (P, 2, 4), differentiable in `mean_uv`.
    """
    if centre_uv is None:
        centre_uv = group_mean(mean_uv, group, num_groups)[group]
    return similarity_about(mean_uv - centre_uv)


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


SHARED_BASES: dict[str, SharedBasis] = {
    "none": no_basis,
    "offset": offset_basis,
    "similarity": similarity_basis,
}
"""The bases by name, each called with (mean_uv, group, num_groups, centre_uv).

Each begins with the columns of the one before: a shared covariance of a smaller basis is one of a
larger basis with zeros below."""

BASIS_OF_SIZE: dict[int, str] = {0: "none", 2: "offset", 4: "similarity"}
"""The basis that a shared covariance (K, K) is meant in, by K."""


def basis_of_size(size: int) -> SharedBasis:
    """The basis that `BASIS_OF_SIZE` names for K = `size`.

    Raises:
        ValueError: no basis has that size.
    """
    if size not in BASIS_OF_SIZE:
        raise ValueError(f"a shared covariance is {tuple(BASIS_OF_SIZE)} wide, not {size}")
    return SHARED_BASES[BASIS_OF_SIZE[size]]
