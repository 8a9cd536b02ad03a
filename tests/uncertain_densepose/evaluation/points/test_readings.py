from dataclasses import replace

import pytest
import torch
from torch.distributions import MultivariateNormal

from tests.uncertain_densepose.distributions.dense_twin import dense_log_prob
from tests.uncertain_densepose.evaluation.drawn_points import FIELDS, draw
from uncertain_densepose.distributions import similarity_about, similarity_basis
from uncertain_densepose.evaluation.points.readings import (
    READINGS,
    noise_model,
    own_noise_model,
    readings,
)

CONTAINED = {
    "iid_iso": ["iid_iso"],
    "indep_aniso": ["indep_aniso", "iid_iso"],
    "full": ["full", "full_marginal", "indep_aniso", "iid_iso"],
    "full_similarity": ["full", "full_marginal", "indep_aniso", "iid_iso"],
}
JOINT = ("full", "full_similarity")


def without(points, *names):
    """The predictions without some of their fields."""
    return replace(points, **dict.fromkeys(names))


@pytest.mark.parametrize("model", FIELDS)
def test_a_model_is_read_as_itself_first_and_as_each_simpler_one(model):
    points, target, group = draw(model, 40)
    found = readings(points, group)
    assert list(found) == CONTAINED[model]
    own, first = noise_model(points, group), found[CONTAINED[model][0]]
    assert type(own) is type(first)
    torch.testing.assert_close(own.log_prob(target), first.log_prob(target))


@pytest.mark.parametrize("model", JOINT)
def test_simpler_readings_are_gaussians_with_the_terms_that_are_left(model):
    points, target, group = draw(model, 40)
    found = readings(points, group)
    for name, left in {
        "full_marginal": points,
        "indep_aniso": without(points, "shared_covariance"),
        "iid_iso": without(points, "shared_covariance", "direction"),
    }.items():
        expected = MultivariateNormal(points.mean_uv, left.covariance()).log_prob(target)
        torch.testing.assert_close(found[name].log_prob(target), expected)
        torch.testing.assert_close(found[name].covariance(), left.covariance())


@pytest.mark.parametrize("model", JOINT)
def test_correlation_is_worth_something_to_the_model_that_has_it(model):
    points, target, group = draw(model, 4000)
    nats = {name: d.log_prob(target).sum().item() for name, d in readings(points, group).items()}
    assert list(nats.values()) == sorted(nats.values(), reverse=True)


def test_a_similarity_is_read_about_the_mean_of_its_group():
    points, target, group = draw("full_similarity", 40)
    read = without(points, "shared_centre_uv")
    for name, expected in readings(points, group).items():
        found = READINGS[name].distribution(read, group)
        torch.testing.assert_close(found.log_prob(target), expected.log_prob(target))
        torch.testing.assert_close(found.covariance(), expected.covariance())
    values = points.mean_uv, points.variance, points.direction
    shared = points.shared_covariance[::4]
    basis = similarity_basis(points.mean_uv, group, 10)
    dense = dense_log_prob(target, *values, shared, group, basis)
    torch.testing.assert_close(noise_model(read, group).log_prob(target).sum(), dense)


def test_a_similarity_is_read_about_the_centre_that_is_named():
    points, target, group = draw("full_similarity", 40)
    moved = replace(points, shared_centre_uv=points.shared_centre_uv + 0.3)
    values = points.mean_uv, points.variance, points.direction
    basis = similarity_about(points.mean_uv - moved.shared_centre_uv)
    dense = dense_log_prob(target, *values, points.shared_covariance[::4], group, basis)
    torch.testing.assert_close(noise_model(moved, group).log_prob(target).sum(), dense)
    found = readings(moved, group)["full_marginal"].covariance()
    torch.testing.assert_close(found, moved.covariance())


@pytest.mark.parametrize("model", JOINT)
def test_points_that_are_alone_in_their_groups_have_no_correlation(model):
    points, target, _ = draw(model, 40)
    found = readings(points, torch.arange(40))
    torch.testing.assert_close(
        found["full"].log_prob(target), found["full_marginal"].log_prob(target)
    )


def test_a_model_without_a_variance_has_the_global_one_or_none():
    points, target, group = draw("iid_iso", 8)
    bare = without(points, "variance", "direction", "shared_covariance")
    assert readings(bare, group) == {}
    assert own_noise_model(bare, group) is None
    covariance = own_noise_model(bare, group, 0.02).covariance()
    torch.testing.assert_close(covariance, 0.02 * torch.eye(2).double().expand(8, 2, 2))
    torch.testing.assert_close(
        own_noise_model(points, group, 0.02).log_prob(target),
        noise_model(points, group).log_prob(target),
    )


@pytest.mark.parametrize("model", JOINT)
@pytest.mark.parametrize("name", READINGS)
def test_no_points(name, model):
    none = draw(model, 4)[0][:0]
    distribution = READINGS[name].distribution(none, torch.zeros(0, dtype=torch.int64))
    assert distribution.log_prob(none.mean_uv).sum() == 0
    assert distribution.covariance().shape == (0, 2, 2)
