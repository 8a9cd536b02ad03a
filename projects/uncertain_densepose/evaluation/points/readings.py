"""The distributions that predictions can be read as: the model's own, and each simpler one in it.

Leaving out what a model predicts besides (the shared error, the correlation that comes with it,
the direction) gives a simpler model around the same means: the ablation of Neverova et al. (NeurIPS
2019) from one checkpoint. A model that was trained without a term may well do better than one that
is read without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from ...distributions import IsotropicUV, UVDistribution
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


def _full(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    return points.joint_distribution(group)


def _full_marginal(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    return points.joint_distribution(group).independent_points()


def _indep_aniso(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    return replace(points, shared_covariance=None).distribution()


def _iid_iso(points: PointPredictions, group: torch.Tensor) -> UVDistribution:
    return replace(points, shared_covariance=None, direction=None).distribution()


READINGS = {
    "full": Reading(("variance", "shared_covariance"), _full),
    "full_marginal": Reading(("variance", "shared_covariance"), _full_marginal),
    "indep_aniso": Reading(("variance", "direction"), _indep_aniso),
    "iid_iso": Reading(("variance",), _iid_iso),
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
    """The distribution that predictions stand for, the first of `readings`.

    Raises:
        ValueError: predictions without a variance have no density.
    """
    return points.distribution(group)


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
