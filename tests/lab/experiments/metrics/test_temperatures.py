import numpy as np
import pytest
import torch

from lab.experiments.metrics.temperatures import Temperatures, fit_temperatures
from tests.uncertain_densepose.distributions.dense_twin import dense_log_prob
from tests.uncertain_densepose.evaluation.drawn_points import draw
from uncertain_densepose.evaluation.points.readings import noise_model


def dense_nats(points, target, group, point, shared):
    """Joint log-density with scaled covariances, from the dense matrix."""
    of_groups = torch.stack(
        [points.shared_covariance[group == g][0] for g in range(int(group.max()) + 1)]
    )
    terms = point * points.variance, point**0.5 * points.direction, shared * of_groups
    return dense_log_prob(target, points.mean_uv, *terms, group).item()


@pytest.mark.parametrize("seed", range(3))
def test_two_factors_are_the_best_of_a_grid_under_the_dense_normal(seed):
    points, target, group = draw("full", 32, seed)
    points = Temperatures(4.0, 0.2).apply(points)
    found = fit_temperatures(points, target, group)
    best = dense_nats(points, target, group, found.point, found.shared)
    near = np.geomspace(0.8, 1.25, 5)
    values = [
        dense_nats(points, target, group, found.point * a, found.shared * b)
        for a in near
        for b in near
    ]
    assert best >= max(values) - 1e-9
    far = np.geomspace(1e-3, 1e3, 7)
    assert best >= max(dense_nats(points, target, group, a, b) for a in far for b in far)


@pytest.mark.parametrize("model", ["iid_iso", "indep_aniso"])
def test_one_factor_without_a_shared_error(model):
    points, target, group = draw(model, 60)
    found = fit_temperatures(points, target, group)
    nats = {
        factor: noise_model(Temperatures(factor).apply(points), group).log_prob(target).sum()
        for factor in found.point * np.geomspace(0.5, 2, 101)
    }
    assert max(nats, key=nats.get) == pytest.approx(found.point)
    assert found.shared == 1


def test_wrong_factors_are_mended():
    points, target, group = draw("full", 8000)
    found = fit_temperatures(Temperatures(4.0, 0.25).apply(points), target, group)
    assert found.point == pytest.approx(1 / 4, rel=0.1)
    assert found.shared == pytest.approx(4, rel=0.1)


def test_a_shared_error_that_labels_lack_vanishes():
    points, _, group = draw("full", 4000)
    alone = noise_model(Temperatures(1.0, 1e-12).apply(points), group)
    found = fit_temperatures(points, alone.rsample(), group)
    assert found.shared < 0.01
    assert found.point == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("model", ["indep_aniso", "full"])
def test_predictions_of_inference_mode(model):
    points, target, group = draw(model, 40)
    expected = fit_temperatures(points, target, group)
    with torch.inference_mode():
        read, label = Temperatures(1.0).apply(points), target.clone()
    assert read.variance.is_inference()
    found = fit_temperatures(read, label, group)
    assert found.point == pytest.approx(expected.point)
    assert found.shared == pytest.approx(expected.shared)
