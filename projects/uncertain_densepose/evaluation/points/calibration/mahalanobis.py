"""How far off a point is in units of its own predicted spread."""

from __future__ import annotations

import torch


def mahalanobis_squared(residual: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    """δᵀ Σ⁻¹ δ of every point by itself; χ² with two degrees of freedom if Σ is right.

    It has no unit, and is the same in chart units and in centimetres: a linear map with full rank
    takes an ellipse and what lies in it to another.

    Args:
        residual: (P, 2) δ.
        covariance: (P, 2, 2) Σ, positive definite, in the square of its unit.

    Returns:
        (P,) of the type of `residual`, a sum of two squares (Σ = L D Lᵀ).
    """
    x, y = residual.unbind(-1)
    slope = covariance[:, 0, 1] / covariance[:, 0, 0]
    rest = covariance[:, 1, 1] - slope * covariance[:, 0, 1]
    return x.square() / covariance[:, 0, 0] + (y - slope * x).square() / rest
