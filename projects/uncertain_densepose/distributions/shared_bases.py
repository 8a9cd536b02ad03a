"""Bases of the error that the points of a group share: E_i (2, K) in δ_i = E_i z_g + …"""

from __future__ import annotations

import torch


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

    E_i = [I | J c_i | c_i] with c_i = ŷ_i - (mean of ŷ over the group) and J a quarter turn. The
    third coordinate of z_g is an angle in radians, the fourth a relative change of size.

    Args and shapes as :func:`offset_basis`.

    Returns:
        (P, 2, 4), differentiable in `mean_uv`.
    """
    count = torch.bincount(group, minlength=num_groups).clamp_min(1).to(mean_uv)
    total = mean_uv.new_zeros(num_groups, 2).index_add(0, group, mean_uv)
    u, v = (mean_uv - (total / count[:, None])[group]).unbind(-1)
    one, zero = torch.ones_like(u), torch.zeros_like(u)
    rows = [torch.stack([one, zero, -v, u], dim=-1), torch.stack([zero, one, u, v], dim=-1)]
    return torch.stack(rows, dim=-2)


SHARED_BASES = {"offset": offset_basis, "similarity": similarity_basis}
"""The bases by name, each called with (mean_uv, group, num_groups)."""
