"""The fitted shared variance against a search of the dense normal, and against known truth."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.distributions.dense_twin import dense_log_prob
from tests.uncertain_densepose.evaluation.drawn_points import draw
from uncertain_densepose.distributions import AnisotropicUV
from uncertain_densepose.evaluation.shared_variance_fit import (
    MIN_GROUPS_PER_PART,
    SharedVarianceError,
    add_shared_variance,
    fit_shared_variance,
    fit_shared_variance_per_part,
)
from uncertain_densepose.structures import PointPredictions


def independent(num_points, seed=0):
    """Predictions of a model without a shared error, in groups of four."""
    points, _, group = draw("indep_aniso", num_points, seed)
    return points, group


def annotated(points, group, deviation, seed=1):
    """Annotations that share an offset of standard deviation `deviation` (P,) within a group."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        own = AnisotropicUV(points.mean_uv, points.variance, points.direction).rsample()
        offset = torch.randn(int(group.max()) + 1, 2, dtype=torch.float64)[group]
    return own + deviation[:, None] * offset


@pytest.mark.parametrize("with_direction", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_best_of_all_values_under_the_dense_normal(seed, with_direction):
    points, group = independent(24, seed)
    target = annotated(points, group, torch.full((24,), 0.03, dtype=torch.float64), seed)
    direction = points.direction if with_direction else torch.zeros_like(points.direction)
    if not with_direction:
        points = replace(points, direction=None)

    def nats(b):
        shared = (b * torch.eye(2, dtype=torch.float64)).expand(6, 2, 2)
        values = points.mean_uv, points.variance, direction
        return dense_log_prob(target, *values, shared, group).item()

    found = fit_shared_variance(points, target, group)
    grid = np.append(np.geomspace(1e-8, 1, 400), 0)
    values = [nats(b) for b in grid]
    assert nats(found) >= max(values)
    assert found == pytest.approx(grid[np.argmax(values)], rel=0.05)


@pytest.mark.parametrize("far", [0.8, 1.2])
def test_several_maxima_do_not_mislead_it(far):
    # Nine sure groups are off by little, and an unsure one by much.
    group = torch.arange(20) // 2
    unsure = group == 9
    points = PointPredictions(
        part=torch.ones(20, dtype=torch.int64),
        mean_uv=torch.zeros(20, 2, dtype=torch.float64),
        variance=torch.where(unsure, 1e-2, 1e-8).double(),
    )
    target = torch.where(unsure, far, 1e-4).double()[:, None].expand(20, 2).clone()

    def nats(b):
        shared = (b * torch.eye(2, dtype=torch.float64)).expand(10, 2, 2)
        still = torch.zeros_like(target)
        return dense_log_prob(target, still, points.variance, still, shared, group).item()

    grid = np.geomspace(1e-10, 10, 400)
    values = np.array([nats(b) for b in grid])
    maxima = (values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])
    assert maxima.sum() == 2
    found = fit_shared_variance(points, target, group)
    assert nats(found) >= values.max()
    assert found == pytest.approx(grid[values.argmax()], rel=0.1)
    assert (found > 1e-3) == (far == 1.2)


@pytest.mark.parametrize("deviation", [0.003, 0.03, 0.3])
def test_the_variance_that_annotations_were_drawn_with_comes_back(deviation):
    points, group = independent(20_000)
    target = annotated(points, group, torch.full((20_000,), deviation, dtype=torch.float64))
    assert fit_shared_variance(points, target, group) == pytest.approx(deviation**2, rel=0.05)


def test_without_a_shared_error_it_vanishes():
    points, group = independent(20_000)
    target = annotated(points, group, torch.zeros(20_000, dtype=torch.float64))
    assert fit_shared_variance(points, target, group) < 0.01 * points.variance.mean()
    assert fit_shared_variance(points, points.mean_uv, group) == 0


def test_each_part_has_its_own_and_a_rare_one_the_common_value():
    groups = 8000
    rare = MIN_GROUPS_PER_PART - 1
    points, group = independent(4 * groups)
    part_of_group = torch.where(torch.arange(groups) % 2 == 0, 3, 7)
    part_of_group[:rare] = 20
    part = part_of_group[group]
    points = replace(points, part=part)
    deviation = torch.tensor([0.01, 0.04], dtype=torch.float64)[(part == 7).long()]
    target = annotated(points, group, deviation)
    fitted = fit_shared_variance_per_part(points, target, group, part)
    assert fitted[3].item() == pytest.approx(0.01**2, rel=0.1)
    assert fitted[7].item() == pytest.approx(0.04**2, rel=0.1)
    common = fit_shared_variance(points, target, group)
    others = [k for k in range(25) if k not in (3, 7)]
    assert fitted.shape == (25,) and (fitted[others] == common).all()


def test_the_numbers_of_groups_do_not_matter():
    points, group = independent(40)
    target = annotated(points, group, torch.full((40,), 0.03, dtype=torch.float64))
    expected = fit_shared_variance(points, target, group)
    assert fit_shared_variance(points, target, 1000 - 7 * group) == pytest.approx(expected)


def test_the_value_is_added_in_the_chart_of_a_point():
    points, _ = independent(40)
    table = torch.arange(25) / 100
    found = add_shared_variance(points, table)
    expected = table.double()[points.part][:, None, None] * torch.eye(2, dtype=torch.float64)
    torch.testing.assert_close(found.shared_covariance, expected)
    torch.testing.assert_close(found.covariance(), points.covariance() + expected)


def test_what_cannot_be_fitted():
    points, group = independent(8)
    target = points.mean_uv
    with pytest.raises(SharedVarianceError, match="no variance"):
        fit_shared_variance(replace(points, variance=None), target, group)
    with pytest.raises(SharedVarianceError, match="already"):
        fit_shared_variance(add_shared_variance(points, 0.1), target, group)
    with pytest.raises(SharedVarianceError, match="finite"):
        fit_shared_variance(points, target * float("nan"), group)
    empty = PointPredictions(points.part[:0], points.mean_uv[:0], points.variance[:0])
    with pytest.raises(SharedVarianceError, match="no points"):
        fit_shared_variance(empty, target[:0], group[:0])
