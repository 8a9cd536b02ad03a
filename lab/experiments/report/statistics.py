"""Means and spreads over seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev

import pandas as pd


@dataclass(frozen=True)
class Spread:
    """A number that was measured once a seed.

    Attributes:
        mean: NaN without seeds.
        deviation: standard deviation over seeds (n - 1), NaN for fewer than two.
        count: n.
    """

    mean: float
    deviation: float
    count: int

    @staticmethod
    def of(values: pd.Series) -> Spread:
        """The spread of values, NaN among them left out."""
        known = values.dropna().tolist()
        # Exact sums: those of pandas print a mean that lies half-way between two texts as either.
        return Spread(
            fmean(known) if known else math.nan,
            stdev(known) if len(known) > 1 else math.nan,
            len(known),
        )

    @property
    def beyond(self) -> bool:
        """Whether the mean is further from 0 than one deviation: False for fewer than two seeds."""
        return abs(self.mean) > self.deviation

    def text(self, digits: int, sign: bool = False) -> str:
        """`mean ± deviation`, the mean alone of one seed, – without any."""
        if self.count == 0:
            return "–"
        mean = f"{self.mean:{'+' if sign else ''}.{digits}f}"
        return mean if self.count == 1 else f"{mean} ± {self.deviation:.{digits}f}"

    def difference_text(self, digits: int) -> str:
        """`text` with a sign, bold if `beyond`."""
        text = self.text(digits, sign=True)
        return f"**{text}**" if self.beyond else text
