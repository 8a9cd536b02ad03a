import math

import pytest
import torch

from lab.experiments.metrics.likelihood import likelihood_metrics
from tests.lab.experiments.metrics.drawn_outcome import FIELDS, draw_outcome
from tests.uncertain_densepose.distributions.dense_twin import dense_log_prob
from uncertain_densepose.distributions import similarity_basis

CONTAINED = {
    "mse": [],
    "iid_iso": ["iid_iso"],
    "indep_aniso": ["indep_aniso", "iid_iso"],
    "full": ["full", "full_marginal", "indep_aniso", "iid_iso"],
    "full_similarity": ["full", "full_marginal", "indep_aniso", "iid_iso"],
}


@pytest.mark.parametrize("model", FIELDS)
def test_a_model_is_read_in_every_way_that_it_can_be(model):
    outcome = draw_outcome(model)
    found = likelihood_metrics(outcome, {}, 0.02)
    read = [name for name, nats in found.items() if not math.isnan(nats)]
    expected = [*CONTAINED[model], "global_variance"]
    assert read == [f"nats_per_point_as_{name}" for name in expected]


@pytest.mark.parametrize("model", ["full", "full_similarity"])
def test_equals_the_dense_normal_per_point(model):
    outcome = draw_outcome(model)
    points, group = outcome.points, outcome.group
    groups = int(group.max()) + 1
    shared = torch.stack([points.shared_covariance[group == g][0] for g in range(groups)])
    basis = similarity_basis(points.mean_uv, group, groups) if shared.shape[1] == 4 else None
    terms = points.mean_uv, points.variance, points.direction, shared, group, basis
    expected = dense_log_prob(outcome.uv_label, *terms).item() / len(outcome)
    found = likelihood_metrics(outcome, {"own": points}, 0.02)
    assert found["nats_per_point_own"] == pytest.approx(expected)
    assert found["nats_per_point_as_full"] == pytest.approx(expected)


def test_the_global_variance_is_one_gaussian_a_coordinate():
    outcome = draw_outcome("mse")
    found = likelihood_metrics(outcome, {}, 0.02)["nats_per_point_as_global_variance"]
    squares = (outcome.uv_label - outcome.points.mean_uv).square().sum(dim=1).mean().item()
    assert found == pytest.approx(-math.log(2 * math.pi * 0.02) - squares / (2 * 0.02))
