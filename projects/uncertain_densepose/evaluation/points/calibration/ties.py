"""Points that are alike, as one."""

from __future__ import annotations

import torch


def tied_sums(key: torch.Tensor, *columns: torch.Tensor) -> torch.Tensor:
    """Group points of the same key.

    Args:
        key: (P,); what is not a number equals nothing and comes last.
        columns: (P,) each, to be summed over the points of a group.

    Returns:
        (1 + len(columns), T) float64: the numbers of points of T groups in the order of rising
        keys, then the sums of each column.
    """
    key, order = key.sort()
    _, group, count = key.unique_consecutive(return_inverse=True, return_counts=True)
    sums = [
        torch.zeros(len(count)).double().index_add(0, group, c[order].double()) for c in columns
    ]
    return torch.stack([count.double(), *sums])
