"""Two runs of the workload against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Difference:
    """How far one quantity differs between two runs.

    Attributes:
        share: of its entries that differ at all, in [0, 1].
        largest: absolute difference, in the quantity's unit.
        relative: the largest difference over the largest value.
    """

    share: float
    largest: float
    relative: float


def difference(one: np.ndarray, other: np.ndarray) -> Difference | None:
    """Compare arrays of one shape entry by entry; None for arrays of different shapes.

    NaN equals NaN. Integers are compared as integers.
    """
    if one.shape != other.shape:
        return None
    if not one.size:
        return Difference(0.0, 0.0, 0.0)
    a, b = one.astype(np.float64), other.astype(np.float64)
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    gap = np.zeros(a.shape)
    gap[~equal] = np.abs(a[~equal] - b[~equal])
    # A number against none at all.
    gap[np.isnan(gap)] = np.inf
    largest, scale = float(gap.max()), float(np.nanmax(np.abs(a), initial=0))
    return Difference(float((~equal).mean()), largest, largest / scale if scale else largest)


def describe(found: Difference | None) -> str:
    """A cell of the table."""
    if found is None:
        return "other count"
    if found.share == 0:
        return "equal"
    return f"{found.largest:.1e} ({100 * found.share:.2g} % of values)"


def difference_table(
    one: Mapping[str, np.ndarray], others: Mapping[str, Mapping[str, np.ndarray]]
) -> list[list[str]]:
    """A row for each quantity: its name, and how far it differs in each of the other runs."""
    return [
        [name, *(describe(difference(values, other[name])) for other in others.values())]
        for name, values in one.items()
    ]
