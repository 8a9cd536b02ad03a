"""Sums and means over the points of a group."""

from __future__ import annotations

import torch


def group_sum(values: torch.Tensor, group: torch.Tensor, num_groups: int) -> torch.Tensor:
    """(G, ...) sums of values (P, ...) over each group; group (P,) int64 in 0..G-1."""
    return values.new_zeros(num_groups, *values.shape[1:]).index_add(0, group, values)


def group_mean(values: torch.Tensor, group: torch.Tensor, num_groups: int) -> torch.Tensor:
    """(G, ...) means of floating-point values (P, ...) over each group, 0 for an empty one; group
    (P,) int64 in 0..G-1."""
    count = torch.bincount(group, minlength=num_groups).clamp_min(1).to(values)
    total = group_sum(values, group, num_groups)
    return total / count.view(-1, *[1] * (values.dim() - 1))
