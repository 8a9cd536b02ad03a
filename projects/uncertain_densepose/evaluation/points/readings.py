"""The distributions that predictions can be read as: the model's own, and each simpler one in it.

Leaving out a term (the shared error, its correlation, the direction) gives a simpler model with the
same means: the ablation of Neverova et al. (NeurIPS 2019) from one checkpoint. A model trained
without a term may do better than one that is only read without it.
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
        distribution: from predictions at P points and the group (P,) of each, the pair of person
            and part, to the distribution of the annotations.
    """

    needs: tuple[str, ...]
    distribution: Callable[[PointPredictions, torch.Tensor], UVDistribution]

    def applies(self, points: PointPredictions) -> bool:
        """Whether the predictions have these fields."""
        return all(getattr(points, name) is not None for name in self.needs)


READINGS = {
    "full": Reading(("variance", "shared_covariance"), PointPredictions.joint_distribution),
    "full_marginal": Reading(
        ("variance", "shared_covariance"),
        lambda points, group: points.joint_distribution(group).independent_points(),
    ),
    "indep_aniso": Reading(
        ("variance", "direction"),
        lambda points, _: replace(points, shared_covariance=None).distribution(),
    ),
    "iid_iso": Reading(
        ("variance",),
        lambda points, _: replace(points, shared_covariance=None, direction=None).distribution(),
    ),
}
"""By name, the richest first: the joint model, s I + r rᵀ for each point and a shared offset or
similarity of covariance B; the same marginal covariances without correlation; s I + r rᵀ; s I."""


def readings(points: PointPredictions, group: torch.Tensor) -> dict[str, UVDistribution]:
    """All distributions that predictions can be read as, their own first.

    Args:
        points: predictions at P points; points of a group have the same `shared_covariance`.
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
    """The distribution of the annotations that a model predicts, the first of `readings`.

    Args:
        points, group: as for `readings`.

    Returns:
        Over the coordinates (P, 2) of all points, chart units; it is
        `PointPredictions.distribution`.

    Raises:
        ValueError: the predictions have no variance, and so no density.
    """
    return points.distribution(group)


def global_noise_model(points: PointPredictions, global_variance: float) -> IsotropicUV:
    """The predicted means (P, 2) with one isotropic variance, chart units², for all points."""
    variance = torch.full_like(points.mean_uv[:, 0], global_variance)
    return IsotropicUV(points.mean_uv, variance)


def own_noise_model(
    points: PointPredictions, group: torch.Tensor, global_variance: float | None = None
) -> UVDistribution | None:
    """The distribution by which a model is judged: `noise_model`, or `global_noise_model` for a
    model that predicts no variance.

    Args:
        points, group: as for `readings`.
        global_variance: chart units², not read if the model predicts a variance.

    Returns:
        None if the model predicts no variance and none is given.
    """
    if points.variance is not None:
        return points.distribution(group)
    return None if global_variance is None else global_noise_model(points, global_variance)
