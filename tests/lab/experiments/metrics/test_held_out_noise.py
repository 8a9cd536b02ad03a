from dataclasses import replace

import numpy as np
import pytest
import torch

from lab.experiments.metrics.held_out_noise import fit_held_out_noise
from tests.lab.experiments.metrics.drawn_outcome import FIELDS, SHARED_DEVIATION, draw_outcome
from tests.uncertain_densepose.distributions.dense_twin import dense_log_prob
from uncertain_densepose.evaluation.points.readings import noise_model


def dense_nats(points, outcome, point, shared_variance):
    """Joint log-density under a D + b E Eᵀ, from the dense matrix."""
    direction = torch.zeros_like(points.mean_uv) if points.direction is None else points.direction
    groups = int(outcome.group.max()) + 1
    shared = (shared_variance * torch.eye(2).double()).expand(groups, 2, 2)
    terms = point * points.variance, point**0.5 * direction, shared
    return dense_log_prob(outcome.uv_label, points.mean_uv, *terms, outcome.group).item()


@pytest.mark.parametrize("model", ["mse", "iid_iso", "indep_aniso", "full"])
def test_each_noise_model_is_the_best_of_its_kind(model):
    outcome = draw_outcome(model, num_people=2)
    fitted = fit_held_out_noise(outcome)
    noise_models = fitted.noise_models(outcome.points)
    nats = {
        name: noise_model(points, outcome.group).log_prob(outcome.uv_label).sum().item()
        for name, points in noise_models.items()
    }
    assert nats["tempered"] >= nats["own"] - 1e-9
    assert nats["posthoc_tempered"] >= nats["posthoc"] - 1e-9
    own = noise_models["own"]
    shared = np.append(np.geomspace(1e-4, 0.01, 8), 0)
    assert nats["posthoc"] >= max(dense_nats(own, outcome, 1, b) for b in shared)
    best = max(dense_nats(own, outcome, a, b) for a in (0.1, 0.3, 0.6, 1, 2) for b in shared)
    assert nats["posthoc_tempered"] >= best


def test_a_model_without_a_variance_has_the_mean_squared_residual():
    outcome = draw_outcome("mse")
    fitted = fit_held_out_noise(outcome)
    residual = outcome.uv_label - outcome.points.mean_uv
    assert fitted.global_variance == pytest.approx(residual.square().mean().item())
    own = fitted.noise_models(outcome.points)["own"]
    torch.testing.assert_close(own.variance, torch.full_like(own.variance, fitted.global_variance))
    # Wide enough for everything, it leaves nothing to a shared variance unless it shrinks.
    assert fitted.posthoc_tempered.point < 0.8
    assert fitted.posthoc_tempered.shared > fitted.shared_variance


@pytest.mark.parametrize("model", FIELDS)
def test_a_predicted_shared_error_is_replaced_by_the_constant_one(model):
    outcome = draw_outcome(model)
    fitted = fit_held_out_noise(outcome)
    posthoc = fitted.noise_models(outcome.points)["posthoc"]
    constant = fitted.shared_variance * torch.eye(2).double()
    torch.testing.assert_close(posthoc.shared_covariance, constant.expand(len(outcome), 2, 2))


def test_what_the_labels_were_drawn_with_comes_back():
    outcome = draw_outcome("full", num_people=200)
    metrics = fit_held_out_noise(outcome).metrics()
    assert metrics["temperature_point"] == pytest.approx(1, rel=0.1)
    assert metrics["temperature_shared"] == pytest.approx(1, rel=0.1)
    shared = metrics["posthoc_shared_variance_uv2"]
    assert 0.5 * SHARED_DEVIATION**2 < shared < 4 * SHARED_DEVIATION**2


def test_it_is_applied_to_other_points():
    fitted = fit_held_out_noise(draw_outcome("full", seed=0))
    other = draw_outcome("full", seed=1)
    tempered = fitted.noise_models(other.points)["tempered"]
    torch.testing.assert_close(tempered.variance, fitted.tempered.point * other.points.variance)
    torch.testing.assert_close(
        tempered.shared_covariance, fitted.tempered.shared * other.points.shared_covariance
    )


def test_predictions_that_are_no_numbers_are_refused():
    outcome = draw_outcome("full")
    broken = replace(outcome.points, mean_uv=outcome.points.mean_uv * float("nan"))
    with pytest.raises(ValueError, match="finite"):
        fit_held_out_noise(replace(outcome, points=broken))
