"""Predictions at points: their marginal covariances, selection and joining."""

from dataclasses import fields, replace

import pytest
import torch

from tests.uncertain_densepose.distributions.dense_twin import dense_covariance
from uncertain_densepose.distributions import similarity_about, similarity_basis
from uncertain_densepose.structures import PointPredictions

POINTS, GROUPS = 12, 3


def predictions(size):
    """Random predictions with a shared covariance (K, K) a group, and the groups, float64."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    group = torch.arange(POINTS) % GROUPS
    root = normal(GROUPS, size, size)
    points = PointPredictions(
        part=group + 1,
        mean_uv=normal(POINTS, 2),
        variance=normal(POINTS).exp(),
        direction=normal(POINTS, 2),
        shared_covariance=(root @ root.mT)[group],
    )
    return points, group


def marginals(points, group, basis):
    """The 2x2 blocks on the diagonal of the dense covariance of all points."""
    shared = torch.stack([points.shared_covariance[group == g][0] for g in range(GROUPS)])
    dense = dense_covariance(points.variance, points.direction, shared, group, basis)
    each = torch.arange(POINTS)
    return dense.view(POINTS, 2, POINTS, 2)[each, :, each]


def test_an_offset_adds_the_same_to_all_points():
    points, group = predictions(2)
    expected = marginals(points, group, None)
    torch.testing.assert_close(points.covariance(), expected)
    torch.testing.assert_close(points.covariance(group), expected)
    centred = replace(points, shared_centre_uv=torch.zeros(POINTS, 2).double())
    torch.testing.assert_close(centred.covariance(), expected)


def test_a_similarity_adds_more_at_the_ends_of_a_part():
    points, group = predictions(4)
    expected = marginals(points, group, similarity_basis(points.mean_uv, group, GROUPS))
    torch.testing.assert_close(points.covariance(group), expected)


def test_a_similarity_about_a_centre_that_is_named():
    points, group = predictions(4)
    centred = replace(points, shared_centre_uv=torch.full((POINTS, 2), 0.25).double())
    expected = marginals(points, group, similarity_about(points.mean_uv - 0.25))
    torch.testing.assert_close(centred.covariance(), expected)
    torch.testing.assert_close(centred[::2].covariance(), expected[::2])


def test_a_similarity_needs_a_centre():
    points, _ = predictions(4)
    with pytest.raises(ValueError, match="give the groups"):
        points.covariance()


@pytest.mark.parametrize("size", [2, 4])
def test_parts_of_predictions_join_to_the_whole(size):
    points, group = predictions(size)
    several = [points[group == 0], points[torch.tensor([3])], points[5:7]]
    joined = PointPredictions.cat(several)
    order = [*range(0, POINTS, GROUPS), 3, 5, 6]
    assert len(joined) == len(order) and joined.shared_centre_uv is None
    for field in fields(PointPredictions):
        values = getattr(points, field.name)
        assert values is None or torch.equal(getattr(joined, field.name), values[order])


@pytest.mark.parametrize("size", [0, 2, 4])
def test_the_marginal_covariance_is_the_sum_of_its_terms(size):
    generator = torch.Generator().manual_seed(2)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(50, *shape, generator=generator, dtype=torch.float64)

    root = normal(size, size)
    points = PointPredictions(
        part=torch.ones(50, dtype=torch.int64),
        mean_uv=normal(2),
        variance=normal().exp(),
        direction=normal(2),
        shared_covariance=root @ root.mT if size else None,
        shared_centre_uv=normal(2),
    )
    r = points.direction
    expected = points.variance[:, None, None] * torch.eye(2) + r[:, :, None] * r[:, None, :]
    if size:
        basis = points.joint_distribution().basis
        expected = expected + basis @ points.shared_covariance @ basis.mT
    torch.testing.assert_close(points.covariance(), expected)
