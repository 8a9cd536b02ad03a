"""The interface of fusion rules, and what they share.

Shapes: M models, P points, G groups, K coordinates of a shared error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from ...distributions import PartCorrelatedUV
from ...distributions.grouping import group_mean
from ...errors import UserError


class FusionError(UserError, ValueError):
    """Predictions that cannot be fused in the requested way. The message says why."""


class FusionRule(NamedTuple):
    """A rule that fuses M predictions of the same points into one.

    Attributes:
        fuse: called with the M models' distributions of the same points and groups; the weight
            (M, P) of each model at each point, of which at least one is 1 at every point; and
            `informs` (P,) bool, the points that determine what their group shares.
        is_product: whether it multiplies densities, and so needs variances and assumes that the
            models' errors are independent.
    """

    fuse: Callable[[Sequence[PartCorrelatedUV], torch.Tensor, torch.Tensor], PartCorrelatedUV]
    is_product: bool


def mean_of_counted(
    values: torch.Tensor,
    group: torch.Tensor,
    num_groups: int,
    counts: torch.Tensor,
    otherwise: float,
) -> torch.Tensor:
    """Means (G, ...) of each group over the points that count.

    Args:
        values: (P, ...). group: (P,) int64 in 0..G-1. counts: (P,) bool.
        otherwise: the value for groups in which no point counts.
    """
    mean = group_mean(values[counts], group[counts], num_groups)
    some = torch.bincount(group[counts], minlength=num_groups) > 0
    return torch.where(some.reshape(-1, *[1] * (values.dim() - 1)), mean, otherwise)


def models_that_count(weight: torch.Tensor) -> torch.Tensor:
    """(P,) the number of models with a weight above 0, of weights (M, P)."""
    return (weight > 0).sum(dim=0)
