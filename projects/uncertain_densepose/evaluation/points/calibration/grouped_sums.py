"""Sums over points that are equal, or that lie in one bin of a logarithmic scale of squares.

Curves that sort points by variance or error need all points. If points in one bin count as equal, a
table of fixed size is enough, into which images are added one by one. A bin is 2^(1/32) wide: 2.2 %
of a variance, 1.1 % of a standard deviation.
"""

from __future__ import annotations

import torch

BINS_PER_OCTAVE = 32
BIN_RATIO = 2 ** (1 / BINS_PER_OCTAVE)
"""The upper edge of a bin over its lower one."""

_LOWEST, _HIGHEST = -48, 26
"""Exponents of two at the ends; as squares of cm, from a millionth of a millimetre to 80 metres."""

NUM_BINS = BINS_PER_OCTAVE * (_HIGHEST - _LOWEST) + 2
"""The first bin holds all smaller squares and 0, the last all larger ones and NaN."""


def square_bin(square: torch.Tensor) -> torch.Tensor:
    """(P,) int64 in 0..NUM_BINS-1, the bin of each of the squares (P,)."""
    octave = square.double().log2().nan_to_num(nan=torch.inf, posinf=torch.inf, neginf=-torch.inf)
    index = (BINS_PER_OCTAVE * (octave - _LOWEST)).floor() + 1
    return index.clamp(0, NUM_BINS - 1).long()


def binned_sums(square: torch.Tensor, *columns: torch.Tensor) -> torch.Tensor:
    """The number of points in each bin, and sums over them.

    Args:
        square: (P,) by which points are binned.
        columns: (P,) each, to be summed.

    Returns:
        (1 + len(columns), NUM_BINS) float64: the counts, then the sums of each column.
    """
    index = square_bin(square)
    weights = (torch.ones_like(square), *columns)
    return torch.stack([torch.bincount(index, w.double(), minlength=NUM_BINS) for w in weights])


def binned_quantiles(count: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """Quantiles of squares of which only the bins are known.

    Args:
        count: (NUM_BINS,) points in each bin.
        levels: (L,) in (0, 1).

    Returns:
        (L,) float64, within a bin (2.2 %) of the quantiles of the points; 0 in the first bin,
        infinite in the last, NaN without points.
    """
    if not count.sum():
        return torch.full_like(levels, torch.nan, dtype=torch.float64)
    share = count.double().cumsum(0) / count.sum()
    index = torch.searchsorted(share, levels.double()).clamp(max=NUM_BINS - 1)
    middle = 2.0 ** (_LOWEST + (index.double() - 0.5) / BINS_PER_OCTAVE)
    return middle.where(index > 0, 0.0).where(index < NUM_BINS - 1, torch.inf)


def tied_sums(key: torch.Tensor, *columns: torch.Tensor) -> torch.Tensor:
    """Group points of the same key.

    Args:
        key: (P,); NaN equals nothing and comes last.
        columns: (P,) each, to be summed over the points of a group.

    Returns:
        (1 + len(columns), T) float64, for T groups in the order of rising keys: the numbers of
        points, then the sums of each column.
    """
    key, order = key.sort()
    _, group, count = key.unique_consecutive(return_inverse=True, return_counts=True)
    sums = [
        torch.zeros(len(count)).double().index_add(0, group, c[order].double()) for c in columns
    ]
    return torch.stack([count.double(), *sums])
