"""Random predictions of several models at ragged groups of points, and their dense twin."""

import torch

from uncertain_densepose.distributions import PartCorrelatedUV
from uncertain_densepose.structures import PointPredictions

KINDS = {"iid_iso": 0, "indep_aniso": 0, "full": 2, "full_similarity": 4}
"""Noise models with the size of their shared covariance."""


def random_group(seed, points=11, groups=4):
    """(P,) a group of each point; one group of a single point, the last group without any."""
    generator = torch.Generator().manual_seed(seed)
    group = torch.randint(0, groups - 2, (points,), generator=generator)
    group[points // 2] = groups - 2
    return group


def random_points(kind, group, seed):
    """Predictions of one model at points (P,) of groups."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    num_points, size = len(group), KINDS[kind]
    root = 0.1 * normal(int(group.max()) + 1, size, size)
    return PointPredictions(
        part=group + 1,
        mean_uv=0.5 + 0.2 * normal(num_points, 2),
        variance=10 ** (-3 + normal(num_points)),
        direction=None if kind == "iid_iso" else 0.1 * normal(num_points, 2),
        shared_covariance=(root @ root.mT)[group] if size else None,
    )


def random_fields(kinds, seed=0):
    """One joint distribution a kind, of the same points."""
    group = random_group(seed)
    return [
        random_points(kind, group, 10 * seed + k).joint_distribution(group)
        for k, kind in enumerate(kinds)
    ]


def changed(field, points=slice(None), own_scale=1.0, **changes):
    """The distribution of some of the points with other terms, own covariances scaled.

    own_scale: a number, or one for each of the points.
    """
    own_scale = torch.as_tensor(own_scale, dtype=torch.float64)
    terms = {
        "mean_uv": field.mean_uv[points],
        "variance": own_scale * field.variance_uv[points],
        "direction": own_scale.sqrt()[..., None] * field.direction[points],
        "shared_covariance": field.shared_covariance,
        "group": field.group[points],
        "basis": field.basis[points],
    }
    return PartCorrelatedUV(**terms | changes)


def dense_covariance(field):
    """(2P, 2P) of all points, stacked point by point."""
    points = len(field.group)
    shared = torch.einsum(
        "iak,ikl,jbl->iajb", field.basis, field.shared_covariance[field.group], field.basis
    )
    same = field.group[:, None] == field.group
    joint = (shared * same[:, None, :, None]).reshape(2 * points, 2 * points)
    return torch.block_diag(*field.own_covariance()) + joint
