"""Coverage: the share of annotations inside the ellipses that should hold a given share."""

from __future__ import annotations

from collections.abc import Sequence

import torch

LEVELS = (0.5, 0.9, 0.95)
"""Nominal shares of the ellipses that result tables name."""


def ellipse_radius_squared(levels: torch.Tensor) -> torch.Tensor:
    """The quantiles of χ²₂, -2 log(1 - level): the squared Mahalanobis radii of the ellipses.

    Args:
        levels: (L,) in [0, 1).

    Returns:
        (L,) of the same type.
    """
    return -2 * torch.log1p(-levels)


def ellipse_counts(
    mahalanobis_squared: torch.Tensor, levels: Sequence[float] | torch.Tensor = LEVELS
) -> torch.Tensor:
    """The observed number of points in the ellipses of the given nominal shares.

    Args:
        mahalanobis_squared: (P,); a value that is not a number lies in no ellipse.
        levels: (L,) in [0, 1).

    Returns:
        (L,) int64. Those of disjoint sets add up.
    """
    radius = ellipse_radius_squared(torch.as_tensor(levels, dtype=torch.float64))
    distance = mahalanobis_squared.double().nan_to_num(nan=torch.inf, posinf=torch.inf)
    return torch.searchsorted(distance.sort().values, radius, right=True)


def ellipse_coverage(
    mahalanobis_squared: torch.Tensor, levels: Sequence[float] | torch.Tensor = LEVELS
) -> torch.Tensor:
    """The observed share of points in the ellipses: (L,) float64 in [0, 1], NaN without points.

    Args: as `ellipse_counts`.
    """
    count = torch.tensor(len(mahalanobis_squared), dtype=torch.float64)
    return ellipse_counts(mahalanobis_squared, levels) / count
