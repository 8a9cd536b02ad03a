"""Likelihood: the log-density that a model gives to the annotated coordinates.

Coordinates are read in the chart of the annotation, so a wrong part does not count here. Densities
are over chart units², in nats, with the full constant, and computed in float64: joint and
independent models can be compared by nats per point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from ...structures import PointPredictions
from ..totals import Totals
from .readings import global_noise_model, readings


def group_points(person: np.ndarray, part: np.ndarray) -> np.ndarray:
    """(P,) int64 in 0..G-1, the pair of person (P,) and chart (P,) of each of P points."""
    pairs = np.stack([person, part], axis=1)
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def fit_global_variance(residual_uv: torch.Tensor) -> float:
    """The maximum-likelihood variance, chart units², of one isotropic Gaussian around predictions.

    Args:
        residual_uv: (P, 2) annotated minus predicted coordinates of the training set, chart units.

    Raises:
        ValueError: there are no residuals.
    """
    return SquaredErrorTotals.of(residual_uv).variance()


@dataclass(frozen=True)
class SquaredErrorTotals(Totals):
    """What `fit_global_variance` needs of residuals.

    Attributes:
        squares: sum of |residual|² over the points, chart units².
        num_points: P.
    """

    squares: float = 0.0
    num_points: int = 0

    @staticmethod
    def of(residual_uv: torch.Tensor) -> SquaredErrorTotals:
        """The totals of residuals (P, 2), chart units."""
        return SquaredErrorTotals(residual_uv.double().square().sum().item(), len(residual_uv))

    def variance(self) -> float:
        """Mean squared residual per coordinate, chart units².

        Raises:
            ValueError: there are no residuals.
        """
        if self.num_points == 0:
            raise ValueError("there are no points to fit a global variance to")
        return self.squares / (2 * self.num_points)


@dataclass(frozen=True)
class LikelihoodTotals:
    """Sums of log-densities; those of disjoint sets of groups add up.

    Attributes:
        nats: summed log-density under the model's own distribution; NaN for a model without one.
        global_nats: under one global variance around the same means; NaN without one.
        nats_by_reading: under each distribution that the model can be read as, by `READINGS`.
        num_read: points inside the box that stands for their person.
        num_points: all annotated points.
    """

    nats: float = 0.0
    global_nats: float = 0.0
    nats_by_reading: Mapping[str, float] = field(default_factory=dict)
    num_read: int = 0
    num_points: int = 0

    def __add__(self, other: LikelihoodTotals) -> LikelihoodTotals:
        mine, others = self.nats_by_reading, other.nats_by_reading
        return LikelihoodTotals(
            self.nats + other.nats,
            self.global_nats + other.global_nats,
            {name: mine.get(name, 0.0) + others.get(name, 0.0) for name in {**mine, **others}},
            self.num_read + other.num_read,
            self.num_points + other.num_points,
        )

    def results(self) -> dict[str, float]:
        """Nats per point that was read, NaN if none was, and the percentage of points read.

        `nats_per_point` is under the model's own distribution, `nats_per_point_<name>` under that
        of `READINGS` or, for `global_variance`, under the global variance.
        """

        def per_point(nats: float) -> float:
            return nats / (self.num_read or float("nan"))

        rows = {**self.nats_by_reading, "global_variance": self.global_nats}
        return {
            "nats_per_point": per_point(self.nats),
            "global_variance_nats_per_point": per_point(self.global_nats),
            **{f"nats_per_point_{name}": per_point(nats) for name, nats in rows.items()},
            "points_read": 100 * self.num_read / (self.num_points or float("nan")),
        }


def likelihood_totals(
    points: PointPredictions,
    uv: np.ndarray | torch.Tensor,
    group: np.ndarray | torch.Tensor,
    num_points: int,
    global_variance: float | None = None,
) -> LikelihoodTotals:
    """Log-densities of annotations.

    Args:
        points: float64 predictions at R points, read in the charts of the annotation.
        uv: (R, 2) annotated coordinates, chart units.
        group: (R,) int64 in 0..G-1, the pair of person and part of each point.
        num_points: of all annotated points, the R that were read and the others.
        global_variance: chart units², fitted on training data; also the distribution of a model
            that predicts no variance.
    """
    target = torch.as_tensor(uv, dtype=points.mean_uv.dtype)
    globally = float("nan")
    if global_variance is not None:
        globally = global_noise_model(points, global_variance).log_prob(target).sum().item()
    by_reading = {
        name: distribution.log_prob(target).sum().item()
        for name, distribution in readings(points, torch.as_tensor(group)).items()
    }
    own = next(iter(by_reading.values()), globally)
    return LikelihoodTotals(own, globally, by_reading, len(points), num_points)
