"""Predictions of each kind of model, and annotations that are drawn from what is predicted."""

import torch

from uncertain_densepose.evaluation.readings import noise_model
from uncertain_densepose.structures import PointPredictions

FIELDS = {
    "iid_iso": ("variance",),
    "indep_aniso": ("variance", "direction"),
    "full": ("variance", "direction", "shared_covariance"),
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
        root = 0.02 * torch.randn(num_groups, 2, 2).double()
        fields = {
            "variance": (1e-4 * torch.exp(torch.randn(num_points))).double(),
            "direction": 0.02 * torch.randn(num_points, 2).double(),
            "shared_covariance": (root @ root.mT)[group],
        }
        points = PointPredictions(
            part=torch.randint(1, 25, (num_groups,))[group],
            mean_uv=torch.rand(num_points, 2).double(),
            **{name: fields[name] for name in FIELDS[model]},
        )
        return points, noise_model(points, group).rsample(), group


def scaled(points: PointPredictions, factor: float) -> PointPredictions:
    """The same predictions with all covariances times `factor`."""
    direction, shared = points.direction, points.shared_covariance
    return PointPredictions(
        points.part,
        points.mean_uv,
        factor * points.variance,
        None if direction is None else factor**0.5 * direction,
        None if shared is None else factor * shared,
    )
