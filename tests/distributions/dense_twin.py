"""The slow twin of the joint model: the dense covariance of one group, in float64."""

import torch
from torch.distributions import MultivariateNormal


def dense_covariance(variance, direction, shared_covariance, group):
    """(2P, 2P) covariance of points (P,) with groups, stacked point by point."""
    points = len(variance)
    blocks = torch.zeros(points, points, 2, 2, dtype=torch.float64)
    for i in range(points):
        for j in range(points):
            if group[i] == group[j]:
                blocks[i, j] = shared_covariance[group[i]]
        blocks[i, i] = (
            blocks[i, i]
            + variance[i] * torch.eye(2, dtype=torch.float64)
            + torch.outer(direction[i], direction[i])
        )
    return blocks.permute(0, 2, 1, 3).reshape(2 * points, 2 * points)


def dense_normal(mean_uv, variance, direction, shared_covariance, group):
    """The joint normal over all (2P,) coordinates."""
    covariance = dense_covariance(variance, direction, shared_covariance, group)
    return MultivariateNormal(mean_uv.reshape(-1), covariance_matrix=covariance)


def random_arguments(seed, points=12, groups=4, low=-4, high=0):
    """Random (mean, variance, direction, shared covariance, group) and a target, float64."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    mean = torch.rand(points, 2, generator=generator, dtype=torch.float64)
    exponent = torch.rand(points, generator=generator, dtype=torch.float64)
    variance = 10 ** (low + (high - low) * exponent)
    direction = 0.1 * normal(points, 2)
    root = 0.1 * normal(groups, 2, 2)
    shared = root @ root.mT
    group = torch.randint(0, groups, (points,), generator=generator)
    target = mean + 0.1 * normal(points, 2)
    return (mean, variance, direction, shared, group), target
