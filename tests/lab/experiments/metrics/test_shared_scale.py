import math
from dataclasses import replace

import pytest
import torch

from lab.experiments.metrics.shared_scale import shared_scale_metrics
from tests.lab.experiments.metrics.drawn_outcome import draw_outcome, indices_by_group
from uncertain_densepose.distributions import similarity_basis


def plain_ranks(values):
    return [sum(other < value for other in values) for value in values]


def plain_correlation(a, b):
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    product = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    squares = sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)
    return product / math.sqrt(squares)


@pytest.mark.parametrize("model", ["full", "full_similarity"])
def test_equals_a_plain_loop(model):
    outcome = draw_outcome(model)
    covariance, group = outcome.points.shared_covariance, outcome.group
    groups = indices_by_group(group)
    basis = torch.eye(2).double().expand(len(outcome), 2, 2)
    if model == "full_similarity":
        basis = similarity_basis(outcome.points.mean_uv, group, len(groups))
    predicted = [
        sum(torch.trace(basis[i] @ covariance[i] @ basis[i].T).item() / 2 for i in points)
        / len(points)
        for points in groups
    ]
    true = [outcome.true_shared_variance[points[0]].item() for points in groups]
    found = shared_scale_metrics(outcome)
    assert found["shared_variance_uv2"] == pytest.approx(sum(predicted) / len(groups))
    assert found["true_shared_variance_uv2"] == pytest.approx(sum(true) / len(groups))
    for name, values in {"": predicted, "true_": true}.items():
        middle = sorted(values)[14:16]
        assert len(values) == 30
        assert found[f"median_{name}shared_variance_uv2"] == pytest.approx(sum(middle) / 2)
    expected = plain_correlation(plain_ranks(predicted), plain_ranks(true))
    assert found["spearman_shared_scale"] == pytest.approx(expected)
    assert expected > 0.5


@pytest.mark.filterwarnings("error")
def test_what_is_not_there_or_the_same_everywhere_has_no_rank():
    full = draw_outcome("full")
    independent = shared_scale_metrics(draw_outcome("indep_aniso"))
    assert math.isnan(independent["shared_variance_uv2"])
    assert math.isnan(independent["spearman_shared_scale"])
    clean = shared_scale_metrics(replace(full, true_shared_variance=None))
    assert math.isnan(clean["true_shared_variance_uv2"])
    assert math.isnan(clean["spearman_shared_scale"])
    none = shared_scale_metrics(
        replace(full, true_shared_variance=torch.zeros_like(full.true_shared_variance))
    )
    assert none["true_shared_variance_uv2"] == 0
    assert math.isnan(none["spearman_shared_scale"])
