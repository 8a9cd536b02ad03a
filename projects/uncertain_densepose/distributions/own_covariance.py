"""The covariance of a point's own error, D = s I + r rᵀ, and back."""

from __future__ import annotations

import torch


def outer_elements(vector: torch.Tensor) -> torch.Tensor:
    """(3, ...) the elements uu, uv, vv of v vᵀ, of vectors v (2, ...)."""
    u, v = vector
    return torch.stack([u * u, u * v, v * v])


def own_covariance(variance: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """(P, 2, 2) s I + r rᵀ, chart units².

    Entry by entry: a product of arrays with two columns costs several times as much.

    Args:
        variance: (P,) s, chart units².
        direction: (P, 2) r, chart units.
    """
    uu, uv, vv = outer_elements(direction.T)
    return torch.stack([variance + uu, uv, uv, variance + vv], dim=-1).view(-1, 2, 2)


def split_covariance(covariance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Write symmetric 2x2 matrices as λ I + r rᵀ, exactly, in closed form.

    With d = (Σ_uu - Σ_vv) / 2 and h = sqrt(d² + Σ_uv²), half the difference of the eigenvalues,
    λ = (Σ_uu + Σ_vv) / 2 - h is the smaller of them and r rᵀ = [[h + d, Σ_uv], [Σ_uv, h - d]].

    Args:
        covariance: (3, ...) the elements Σ_uu, Σ_uv, Σ_vv of positive semi-definite matrices.

    Returns:
        λ (...), at least 0, and r (2, ...), whose longer component is positive; r is 0 where the
        eigenvalues are equal.
    """
    uu, uv, vv = covariance
    d = (uu - vv) / 2
    h = torch.hypot(d, uv)
    # The longer component is a sum of positive numbers; the other follows from r_u r_v = Σ_uv.
    longer = (h + d.abs()).sqrt()
    shorter = torch.where(longer > 0, uv / longer, 0)
    direction = torch.where(d >= 0, torch.stack([longer, shorter]), torch.stack([shorter, longer]))
    return ((uu + vv) / 2 - h).clamp_min(0), direction
