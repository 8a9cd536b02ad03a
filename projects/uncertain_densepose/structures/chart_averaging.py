"""The average of several predictions of the same boxes, as distributions and not as means alone.

In a cell, prediction k says that a chart's coordinates are N(m_k, s_k I + r_k r_kᵀ). Their mixture
with equal weights has, by the law of total covariance,

    mean        m = 1/K Σ m_k
    covariance  1/K Σ (s_k I + r_k r_kᵀ) + 1/K Σ (m_k - m)(m_k - m)ᵀ

and the average is the Gaussian with these moments: where predictions disagree, it is less sure
than any of them. To these comes the shared error, of covariance E B_k Eᵀ for the points of a chart,
and 1/K Σ E B_k Eᵀ is that of the average B. The basis E of a similarity varies with the
predicted shape of a chart as well; taking it at m leaves out the square of a shared angle times
the spread of the means, which is small beside that spread itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

import torch

from ..distributions import outer_elements, split_covariance
from .chart_maps import ChartMaps

SCORES = ("coarse_segm", "fine_segm")
"""Fields of scores, whose softmax over the channels is a probability."""


class ChartAverage:
    """A running average, whose memory does not grow with the number of predictions.

    Example::

        average = ChartAverage()
        for maps in predictions:
            average.add(maps)
        maps = average.result()
    """

    def __init__(self) -> None:
        self._count = 0
        self._sums: dict[str, torch.Tensor] = {}
        self._first: ChartMaps | None = None

    def add(self, maps: ChartMaps) -> None:
        """Take one more prediction of the same N boxes by the same model.

        Raises:
            ValueError: it has other fields than the predictions before it.
        """
        terms = _additive_terms(maps)
        if self._first is None:
            self._first, self._sums = maps, terms
        elif terms.keys() != self._sums.keys():
            raise ValueError(
                f"predictions of different models cannot be averaged: {maps} after {self._first}"
            )
        else:
            self._sums = {name: total + terms[name] for name, total in self._sums.items()}
        self._count += 1

    def result(self) -> ChartMaps:
        """The average of the predictions so far.

        Returns:
            Segmentations are log-probabilities, those of the averaged probabilities.
            With a variance, there is a direction too, of the sign of the first prediction's;
            without, the spread of the means is not kept. All other fields are averages.

        Raises:
            ValueError: there was no prediction.
        """
        if self._first is None:
            raise ValueError("there is no prediction to average")
        averages = {name: total / self._count for name, total in self._sums.items()}
        for name in SCORES:
            # A bilinear reading of log 0 would be NaN.
            averages[name] = averages[name].clamp_min(torch.finfo(torch.float64).tiny).log()
        moments = averages.pop("second_moments", None)
        if moments is not None:
            u, v = averages["u"], averages["v"]
            smaller, direction = split_covariance(moments - outer_elements(torch.stack([u, v])))
            averages["variance"] = averages["variance"] + smaller
            averages["direction"] = with_sign_of(self._first.direction, direction)
        dtype = self._first.u.dtype
        return ChartMaps(**{name: value.to(dtype) for name, value in averages.items()})


def average_chart_maps(maps: Iterable[ChartMaps]) -> ChartMaps:
    """The moment-matched average of K predictions, see :class:`ChartAverage`.

    Args:
        maps: of the same N boxes by the same model; one at a time is held, if they are generated.

    Raises:
        ValueError: there are none, or they differ in their fields.
    """
    average = ChartAverage()
    for one in maps:
        average.add(one)
    return average.result()


def _additive_terms(maps: ChartMaps) -> dict[str, torch.Tensor]:
    """What is summed over predictions.

    It is float64: squares of float32 numbers are exact in it, so that the variance of the means
    may be had as a difference of moments.
    """
    values = {f.name: getattr(maps, f.name) for f in fields(maps)}
    terms = {name: value.double() for name, value in values.items() if value is not None}
    terms |= {name: terms[name].softmax(dim=1) for name in SCORES}
    direction = terms.pop("direction", None)
    if "variance" in terms:
        moments = outer_elements(torch.stack([terms["u"], terms["v"]]))
        if direction is not None:
            moments += outer_elements(direction.transpose(0, 1))
        terms["second_moments"] = moments
    return terms


def with_sign_of(reference: torch.Tensor | None, direction: torch.Tensor) -> torch.Tensor:
    """Directions (2, N, 25, S, S) as a field (N, 2, 25, S, S), turned towards a reference.

    r and -r are the same distribution, but a reading between two cells that differ in sign would
    lose it. A network's own field is smooth, so its signs are kept.
    """
    direction = direction.transpose(0, 1)
    if reference is None:
        return direction
    opposed = (direction * reference).sum(dim=1, keepdim=True) < 0
    return torch.where(opposed, -direction, direction)
