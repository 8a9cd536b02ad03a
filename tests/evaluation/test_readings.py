import pytest
import torch
from evaluation.drawn_points import FIELDS, draw
from torch.distributions import MultivariateNormal

from uncertain_densepose.evaluation.readings import (
    READINGS,
    noise_model,
    own_noise_model,
    readings,
)
from uncertain_densepose.structures import PointPredictions

CONTAINED = {
    "iid_iso": ["iid_iso"],
    "indep_aniso": ["indep_aniso", "iid_iso"],
    "full": ["full", "full_marginal", "indep_aniso", "iid_iso"],
}


def without(points, *names):
    """The predictions without some of their fields."""
    kept = {n: getattr(points, n) for n in FIELDS["full"] if n not in names}
    return PointPredictions(points.part, points.mean_uv, **kept)


@pytest.mark.parametrize("model", FIELDS)
def test_a_model_is_read_as_itself_first_and_as_each_simpler_one(model):
    points, target, group = draw(model, 40)
    found = readings(points, group)
    assert list(found) == CONTAINED[model]
    own = noise_model(points, group)
    assert type(own) is type(found[model])
    torch.testing.assert_close(own.log_prob(target), found[model].log_prob(target))


def test_simpler_readings_are_gaussians_with_the_terms_that_are_left():
    points, target, group = draw("full", 40)
    found = readings(points, group)
    for name, left in {
        "full_marginal": points,
        "indep_aniso": without(points, "shared_covariance"),
        "iid_iso": without(points, "shared_covariance", "direction"),
    }.items():
        expected = MultivariateNormal(points.mean_uv, left.covariance()).log_prob(target)
        torch.testing.assert_close(found[name].log_prob(target), expected)
        torch.testing.assert_close(found[name].covariance(), left.covariance())


def test_correlation_is_worth_something_to_the_model_that_has_it():
    points, target, group = draw("full", 4000)
    nats = {name: d.log_prob(target).sum().item() for name, d in readings(points, group).items()}
    assert list(nats.values()) == sorted(nats.values(), reverse=True)


def test_points_that_are_alone_in_their_groups_have_no_correlation():
    points, target, _ = draw("full", 40)
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


@pytest.mark.parametrize("name", READINGS)
def test_no_points(name):
    points, _, _ = draw("full", 4)
    none = PointPredictions(
        points.part[:0], points.mean_uv[:0], *(getattr(points, f)[:0] for f in FIELDS["full"])
    )
    distribution = READINGS[name].distribution(none, torch.zeros(0, dtype=torch.int64))
    assert distribution.log_prob(none.mean_uv).sum() == 0
    assert distribution.covariance().shape == (0, 2, 2)
