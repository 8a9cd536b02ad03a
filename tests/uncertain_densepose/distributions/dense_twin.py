"""The slow twin of the joint model: the dense covariance of all points, in float64."""

import torch
from torch.distributions import MultivariateNormal

from uncertain_densepose.distributions import SHARED_BASES

BASIS_SIZES = {"offset": 2, "similarity": 4}


def dense_covariance(variance, direction, shared_covariance, group, basis=None):
    """(2P, 2P) covariance of points (P,) with groups, stacked point by point."""
    points, groups, size = len(variance), len(shared_covariance), shared_covariance.shape[-1]
    if basis is None:
        basis = torch.eye(2, dtype=torch.float64).expand(points, 2, 2)
    identity = torch.eye(2, dtype=torch.float64)
    own = variance[:, None, None] * identity + direction[:, :, None] * direction[:, None, :]
    # E of all groups side by side: a point has its basis in its own group's columns.
    member = torch.nn.functional.one_hot(group, groups).to(basis)
    everywhere = member[:, None, :, None] * basis[:, :, None, :]
    everywhere = everywhere.reshape(2 * points, groups * size)
    return torch.block_diag(*own) + everywhere @ torch.block_diag(*shared_covariance) @ everywhere.T


def dense_log_prob(target, mean_uv, variance, direction, shared_covariance, group, basis=None):
    """The joint log-density of targets (P, 2) over all (2P,) coordinates.

    `MultivariateNormal` sees the coordinates in units of their own standard deviation: variances
    from 1e-8 to 1e4 in one matrix cost it half of its digits otherwise.
    """
    covariance = dense_covariance(variance, direction, shared_covariance, group, basis)
    deviation = covariance.diagonal().sqrt()
    normal = MultivariateNormal(
        torch.zeros_like(deviation),
        covariance_matrix=covariance / (deviation[:, None] * deviation[None, :]),
        validate_args=False,
    )
    scaled = (target - mean_uv).reshape(-1) / deviation
    return normal.log_prob(scaled) - deviation.log().sum()


def random_arguments(
    seed, points=12, groups=4, low=-4, high=0, basis="offset", shared_scale=0.1, direction_scale=0.1
):
    """Random (mean, variance, direction, shared covariance, group) and a target, float64.

    Groups are ragged: some may have a single point, or none. Variances lie in 10^low..10^high.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    size = BASIS_SIZES[basis]
    mean = torch.rand(points, 2, generator=generator, dtype=torch.float64)
    exponent = torch.rand(points, generator=generator, dtype=torch.float64)
    variance = 10 ** (low + (high - low) * exponent)
    direction = direction_scale * normal(points, 2)
    root = shared_scale * normal(groups, size, size)
    group = torch.randint(0, groups, (points,), generator=generator)
    target = mean + 0.1 * normal(points, 2)
    return (mean, variance, direction, root @ root.mT, group), target


def basis_of(name, mean_uv, group, num_groups):
    """The basis argument of `PartCorrelatedUV`, None for its default."""
    return None if name == "offset" else SHARED_BASES[name](mean_uv, group, num_groups)
