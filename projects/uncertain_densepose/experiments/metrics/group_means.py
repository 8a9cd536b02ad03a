"""Means over the points of a group."""

from __future__ import annotations

import torch


def group_sizes(group: torch.Tensor) -> torch.Tensor:
    """(G,) int64, the points of each group, of group (P,) int64 in 0..G-1."""
    return torch.bincount(group)


def group_means(values: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
    """(G, ...) means of values (P, ...) over the points of each group; every group has some."""
    count = group_sizes(group)
    total = values.new_zeros(len(count), *values.shape[1:]).index_add(0, group, values)
    return total / count.to(values).view(-1, *[1] * (values.dim() - 1))
