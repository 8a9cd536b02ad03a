import math

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from lab.experiments.metrics.coverage import (
    chi_squared_coverage,
    coverage_metrics,
    part_mahalanobis_squared,
    part_mean_covariance,
)
from lab.experiments.metrics.held_out_noise import fit_held_out_noise
from tests.lab.experiments.metrics.drawn_outcome import FIELDS, draw_outcome, indices_by_group
from tests.uncertain_densepose.distributions.dense_twin import dense_covariance
from uncertain_densepose.distributions import similarity_basis
from uncertain_densepose.evaluation.points.readings import own_noise_model


def dense(outcome):
    """(2P, 2P) covariance of all points, from the definition of the noise model."""
    points, group = outcome.points, outcome.group
    groups, size = int(group.max()) + 1, 2
    shared = torch.zeros(groups, 2, 2).double()
    if points.shared_covariance is not None:
        shared = torch.stack([points.shared_covariance[group == g][0] for g in range(groups)])
        size = shared.shape[1]
    direction = torch.zeros_like(points.mean_uv) if points.direction is None else points.direction
    basis = similarity_basis(points.mean_uv, group, groups) if size == 4 else None
    return dense_covariance(points.variance, direction, shared, group, basis)


def with_variance(model):
    return [name for name in FIELDS if name != "mse"]


@pytest.mark.parametrize("model", with_variance(FIELDS))
def test_regions_of_parts_are_those_of_the_dense_covariance(model):
    outcome = draw_outcome(model)
    covariance = dense(outcome).view(len(outcome), 2, len(outcome), 2)
    residual = outcome.uv_label - outcome.points.mean_uv
    distribution = own_noise_model(outcome.points, outcome.group)
    of_means = part_mean_covariance(distribution, outcome.group)
    of_parts = part_mahalanobis_squared(distribution, outcome.uv_label, outcome.group)
    for g, points in enumerate(indices_by_group(outcome.group)):
        block = covariance[points][:, :, points]
        torch.testing.assert_close(of_means[g], block.mean(dim=(0, 2)))
        delta = residual[points].flatten()
        expected = delta @ torch.linalg.solve(block.reshape(len(delta), len(delta)), delta)
        torch.testing.assert_close(of_parts[g], expected)


@pytest.mark.parametrize("model", FIELDS)
def test_equals_a_plain_loop(model):
    outcome = draw_outcome(model)
    own = fit_held_out_noise(outcome).noise_models(outcome.points)["own"]
    found = coverage_metrics(outcome, {"own": own})
    residual = (outcome.uv_label - outcome.points.mean_uv).numpy()
    distribution = own_noise_model(own, outcome.group)
    of_points = distribution.covariance().numpy()
    of_means = part_mean_covariance(distribution, outcome.group).numpy()
    of_parts = part_mahalanobis_squared(distribution, outcome.uv_label, outcome.group)

    def squared(delta, covariance):
        return delta @ np.linalg.inv(covariance) @ delta

    groups = list(enumerate(indices_by_group(outcome.group)))
    several, large = ([(g, i) for g, i in groups if len(i) >= size] for size in (2, 5))
    assert 0 < len(large) < len(several) < len(groups)
    for level in (50, 90, 95):
        radius = -2 * math.log(1 - level / 100)
        inside = {
            "point": [squared(d, c) <= radius for d, c in zip(residual, of_points, strict=True)],
            "part_mean": [
                squared(residual[i].mean(axis=0), of_means[g]) <= radius for g, i in several
            ],
            "large_part_mean": [
                squared(residual[i].mean(axis=0), of_means[g]) <= radius for g, i in large
            ],
            "part_joint": [
                chi2.cdf(of_parts[g].item(), 2 * len(i)) <= level / 100 for g, i in several
            ],
        }
        for region, covered in inside.items():
            name = f"coverage_{region}_{level}_own"
            assert found[name] == pytest.approx(100 * np.mean(covered)), name


@pytest.mark.parametrize("model", ["full", "full_similarity"])
def test_a_model_that_is_right_about_its_noise_covers_what_it_says(model):
    outcome = draw_outcome(model, num_people=400)
    for name, share in coverage_metrics(outcome, {"own": outcome.points}).items():
        assert share == pytest.approx(float(name.split("_")[-2]), abs=3), name


def test_independent_models_take_the_errors_of_a_part_to_average_out():
    outcome = draw_outcome("indep_aniso", num_people=100)
    fitted = fit_held_out_noise(outcome)
    found = coverage_metrics(outcome, fitted.noise_models(outcome.points))
    assert found["coverage_large_part_mean_90_own"] < found["coverage_part_mean_90_own"] < 50
    tempered, posthoc = (
        abs(found[f"coverage_part_mean_90_{name}"] - 90) for name in ("tempered", "posthoc")
    )
    assert posthoc < tempered


def test_values_that_are_no_numbers_are_not_covered():
    found = chi_squared_coverage(torch.tensor([0.0, math.nan]), torch.tensor([4, 4]))
    assert found.tolist() == [0.5] * 3
