"""Means over the points of a group."""

from __future__ import annotations

import torch

from uncertain_densepose.distributions.grouping import group_mean


def group_sizes(group: torch.Tensor) -> torch.Tensor:
    """(G,) int64, the points of each group, of group (P,) int64 in 0..G-1."""
    return torch.bincount(group)


def group_means(values: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
    """(G, ...) means of values (P, ...) over the points of each group; every group has some."""
    return group_mean(values, group, len(group_sizes(group)))
