"""The distributions that predictions can be read as: the model's own, and each simpler one in it.

Leaving out what a model predicts besides (the shared error, the correlation that comes with it,
the direction) gives a simpler model around the same means: the ablation of Neverova et al. (NeurIPS
2019) from one checkpoint. A model that was trained without a term may well do better than one that
is read without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ...distributions import AnisotropicUV, IsotropicUV, PartCorrelatedUV
from ...distributions.base import UVDistribution
from ...structures import PointPredictions


@dataclass(frozen=True)
class Reading:
    """One way to read predictions.

    Attributes:
        needs: the fields of `PointPredictions` that it takes.
        distribution: from predictions at P points, and the groups (P,) of points of the same
            person and part, to the distribution of annotations.
    """

    needs: tuple[str, ...]
    distribution: Callable[[PointPredictions, torch.Tensor], UVDistribution]

    def applies(self, points: PointPredictions) -> bool:
        """Whether the predictions have what it needs."""
        return all(getattr(points, name) is not None for name in self.needs)


def _with_shared(points: PointPredictions, group: torch.Tensor) -> PartCorrelatedUV:
    num_groups = int(group.max()) + 1 if len(group) else 0
    size = points.shared_covariance.shape[-1]
    shared = points.shared_covariance.new_zeros(num_groups, size, size)
    shared[group] = points.shared_covariance
    direction = torch.zeros_like(points.mean_uv) if points.direction is None else points.direction
    basis = None if points.shared_centre_uv is None else points.shared_basis()
    return PartCorrelatedUV(points.mean_uv, points.variance, direction, shared, group, basis)


def _with_shared_of_its_own(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    return _with_shared(points, group).independent_points()


def _directional(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    return AnisotropicUV(points.mean_uv, points.variance, points.direction)


def _isotropic(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    return IsotropicUV(points.mean_uv, points.variance)


READINGS = {
    "full": Reading(("variance", "shared_covariance"), _with_shared),
    "full_marginal": Reading(("variance", "shared_covariance"), _with_shared_of_its_own),
    "indep_aniso": Reading(("variance", "direction"), _directional),
    "iid_iso": Reading(("variance",), _isotropic),
}
"""By name, the richest first: joint with s I + r rᵀ and B, of an offset or a similarity about the
centre of a group; the same marginal covariances without correlation; s I + r rᵀ; s I."""


def readings(points: PointPredictions, group: torch.Tensor) -> dict[str, UVDistribution]:
    """All distributions that predictions can be read as, their own first.

    Args:
        points: predictions at P points; points of a group carry the same `shared_covariance`.
        group: (P,) int64 in 0..G-1, the pair of person and part of each point.

    Returns:
        By names of `READINGS`, in the type of `points`; empty for a model without a variance.
    """
    return {
        name: reading.distribution(points, group)
        for name, reading in READINGS.items()
        if reading.applies(points)
    }


def noise_model(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    """The distribution that predictions stand for: the first of `readings`.

    Raises:
        ValueError: predictions without a variance have no density.
    """
    for reading in READINGS.values():
        if reading.applies(points):
            return reading.distribution(points, group)
    raise ValueError("the model predicts no variance; its density needs a global variance")


def global_noise_model(points: PointPredictions, global_variance: float) -> IsotropicUV:
    """The predicted means with one isotropic variance (chart units²) for all points."""
    variance = torch.full_like(points.mean_uv[:, 0], global_variance)
    return IsotropicUV(points.mean_uv, variance)


def own_noise_model(
    points: PointPredictions, group: torch.Tensor, global_variance: float | None = None
) -> UVDistribution | None:
    """`noise_model`; for a model without a variance `global_noise_model`, None without one."""
    if points.variance is not None:
        return noise_model(points, group)
    return None if global_variance is None else global_noise_model(points, global_variance)
