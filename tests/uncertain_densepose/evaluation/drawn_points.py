"""Predictions of each kind of model, and annotations that are drawn from what is predicted."""

from dataclasses import replace

import torch

from uncertain_densepose.evaluation.points.readings import noise_model
from uncertain_densepose.structures import PointPredictions

FIELDS = {
    "iid_iso": ("variance",),
    "indep_aniso": ("variance", "direction"),
    "full": ("variance", "direction", "shared_covariance"),
    "full_similarity": ("variance", "direction", "shared_covariance", "shared_centre_uv"),
}
"""Models by name, with the fields that they predict."""

GROUP_SIZE = 4


def draw(model: str, num_points: int, seed: int = 0):
    """Random predictions in float64, and one sample of them.

    Returns:
        predictions at `num_points` points in groups of four; annotated coordinates (P, 2); the
        group (P,) of each point.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        group = torch.arange(num_points) // GROUP_SIZE
        num_groups = int(group.max()) + 1
        size = 4 if model == "full_similarity" else 2
        root = 0.02 * torch.randn(num_groups, size, size).double()
        # Angles and relative sizes, which a part of the chart's extent makes an error of.
        root[:, 2:] *= 5
        fields = {
            "variance": (1e-4 * torch.exp(torch.randn(num_points))).double(),
            "direction": 0.02 * torch.randn(num_points, 2).double(),
            "shared_covariance": (root @ root.mT)[group],
        }
        part = torch.randint(1, 25, (num_groups,))[group]
        mean_uv = torch.rand(num_points, 2).double()
        total = torch.zeros(num_groups, 2).double().index_add(0, group, mean_uv)
        fields["shared_centre_uv"] = (total / torch.bincount(group)[:, None])[group]
        points = PointPredictions(
            part=part, mean_uv=mean_uv, **{name: fields[name] for name in FIELDS[model]}
        )
        return points, noise_model(points, group).rsample(), group


def scaled(points: PointPredictions, factor: float) -> PointPredictions:
    """The same predictions with all covariances times `factor`."""
    direction, shared = points.direction, points.shared_covariance
    return replace(
        points,
        variance=factor * points.variance,
        direction=None if direction is None else factor**0.5 * direction,
        shared_covariance=None if shared is None else factor * shared,
    )
