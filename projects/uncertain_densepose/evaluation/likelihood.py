"""Likelihood: the log-density that a model gives to the annotated coordinates.

The coordinates are read in the chart of the annotation, so that a wrong part is not counted here,
and arithmetic is float64. Densities are over chart units², in nats, with the full constant: models
can be compared, joint ones with independent ones, by nats per point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..distributions import AnisotropicUV, IsotropicUV, PartCorrelatedUV
from ..distributions.base import UVDistribution
from ..structures import PointPredictions


def group_points(person: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Number the pairs of person and part that occur among P points.

    Args:
        person: (P,) integer. part: (P,) charts 1..24.

    Returns:
        (P,) int64 in 0..G-1.
    """
    pairs = np.stack([person, part], axis=1)
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _joint(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    num_groups = int(group.max()) + 1 if len(group) else 0
    shared = points.shared_covariance.new_zeros(num_groups, 2, 2)
    shared[group] = points.shared_covariance
    direction = torch.zeros_like(points.mean_uv) if points.direction is None else points.direction
    return PartCorrelatedUV(points.mean_uv, points.variance, direction, shared, group)


def _directional(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    return AnisotropicUV(points.mean_uv, points.variance, points.direction)


def _isotropic(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    return IsotropicUV(points.mean_uv, points.variance)


_NOISE_MODELS = {
    "shared_covariance": _joint,
    "direction": _directional,
    "variance": _isotropic,
}
"""The field that makes a model what it is, the richest model first."""


def noise_model(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    """The distribution that predictions stand for, which their fields tell.

    Args:
        points: predictions at P points, with a variance; points of a group carry the same
            `shared_covariance`.
        group: (P,) int64 in 0..G-1, the pair of person and part of each point.

    Returns:
        `PartCorrelatedUV`, `AnisotropicUV` or `IsotropicUV`, in the type of `points`.

    Raises:
        ValueError: predictions without a variance have no density.
    """
    if points.variance is None:
        raise ValueError("the model predicts no variance; its density needs a global variance")
    build = next(b for name, b in _NOISE_MODELS.items() if getattr(points, name) is not None)
    return build(points, group)


def global_noise_model(points: PointPredictions, global_variance: float) -> IsotropicUV:
    """The predicted means with one isotropic variance (chart units²) for all points."""
    variance = torch.full_like(points.mean_uv[:, 0], global_variance)
    return IsotropicUV(points.mean_uv, variance)


def fit_global_variance(residual_uv: torch.Tensor) -> float:
    """The variance of maximum likelihood of one isotropic Gaussian around the predictions.

    Args:
        residual_uv: (P, 2) annotated minus predicted coordinates of the training set, chart units.

    Returns:
        The mean squared residual per coordinate, chart units².

    Raises:
        ValueError: there are no residuals.
    """
    return SquaredErrorTotals.of(residual_uv).variance()


@dataclass(frozen=True)
class SquaredErrorTotals:
    """What `fit_global_variance` needs of residuals. Totals of disjoint sets add up.

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

    def __add__(self, other: SquaredErrorTotals) -> SquaredErrorTotals:
        return SquaredErrorTotals(self.squares + other.squares, self.num_points + other.num_points)

    def variance(self) -> float:
        """Mean squared residual per coordinate, chart units².

        Raises:
            ValueError: there are no residuals.
        """
        if self.num_points == 0:
            raise ValueError("a global variance cannot be fitted to no points")
        return self.squares / (2 * self.num_points)


@dataclass(frozen=True)
class LikelihoodTotals:
    """Sums of log-densities. Totals of disjoint sets of groups add up.

    Attributes:
        nats: summed log-density of the model's own distribution; NaN for a model without one.
        global_nats: the same with one global variance around the same means; NaN without one.
        num_read: points that were read, those inside the box of a detection of their person.
        num_points: all annotated points.
    """

    nats: float = 0.0
    global_nats: float = 0.0
    num_read: int = 0
    num_points: int = 0

    def __add__(self, other: LikelihoodTotals) -> LikelihoodTotals:
        return LikelihoodTotals(
            self.nats + other.nats,
            self.global_nats + other.global_nats,
            self.num_read + other.num_read,
            self.num_points + other.num_points,
        )

    def results(self) -> dict[str, float]:
        """Means in nats per point that was read, NaN if none was, and the percentage read."""
        nan = float("nan")
        return {
            "nats_per_point": self.nats / self.num_read if self.num_read else nan,
            "global_variance_nats_per_point": self.global_nats / self.num_read
            if self.num_read
            else nan,
            "points_read": 100 * self.num_read / self.num_points if self.num_points else nan,
        }


def likelihood_totals(
    points: PointPredictions,
    uv: np.ndarray,
    group: np.ndarray,
    num_points: int,
    global_variance: float | None = None,
) -> LikelihoodTotals:
    """Log-densities of annotations.

    Args:
        points: float64 predictions at R points, read in the charts of the annotation.
        uv: (R, 2) annotated coordinates, chart units.
        group: (R,) int64 in 0..G-1, the pair of person and part of each point.
        num_points: R and the annotated points that could not be read.
        global_variance: chart units², fitted on training data. It is also the distribution of a
            model that predicts no variance.
    """
    target = torch.as_tensor(uv, dtype=points.mean_uv.dtype)
    own = globally = float("nan")
    if global_variance is not None:
        globally = global_noise_model(points, global_variance).log_prob(target).sum().item()
        own = globally
    if points.variance is not None:
        own = noise_model(points, torch.as_tensor(group)).log_prob(target).sum().item()
    return LikelihoodTotals(own, globally, len(points), num_points)
