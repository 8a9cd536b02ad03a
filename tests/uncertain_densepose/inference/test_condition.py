"""Clicks: what they move, by how much, and what they leave."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.distributions.dense_twin import dense_covariance
from tests.uncertain_densepose.inference.people_factory import (
    cell_centres,
    flat_metric,
    linear_person,
    maps_of,
)
from tests.uncertain_densepose.inference.random_fields import random_group, random_points
from uncertain_densepose.distributions import PartCorrelatedUV
from uncertain_densepose.inference import Person
from uncertain_densepose.inference.condition import (
    CLICK_SIGMA_UV,
    Click,
    ClickError,
    condition,
    condition_points,
)

SIDE = 16
OFFSET = torch.tensor([[4e-3, 1e-3], [1e-3, 2e-3]])
SIMILARITY = torch.diag(torch.tensor([4e-3, 2e-3, 0.09, 0.04]))


def two_part_person(shared=OFFSET, direction=True):
    """Part 5 in the left half and part 6 in the right one, background below."""
    x, y = cell_centres(SIDE)
    part = torch.where(x < 0.5, 5, 6)
    part[y > 0.75] = 0
    r = torch.tensor([0.03, -0.02]).expand(SIDE, SIDE, 2).permute(2, 0, 1) if direction else None
    shared = None if shared is None else shared.expand(25, *shared.shape)
    maps = maps_of(part, x, y / 2, torch.full((SIDE, SIDE), 1e-3), r, shared)
    box = np.array([0, 0, SIDE, SIDE], np.float32)
    return Person(box, 1.0, maps, (SIDE, SIDE), flat_metric())


def click_on(person, row, column, by=(0.05, -0.03)):
    """A click whose coordinates are off the prediction by (du, dv)."""
    u, v = person.uv[row, column].tolist()
    part = int(person.part[row, column])
    return Click(column + 0.5, row + 0.25, part, u + by[0], v + by[1])


def dense_posterior(person, clicks, sigma):
    """Means (h, w, 2) and covariances (h, w, 2, 2) of part 5's pixels by the dense formula."""
    rows, columns = np.nonzero(person.part == 5)
    points = person.at(np.stack([columns, rows], -1) + 0.5).map(lambda t: t.double())
    group = torch.zeros(len(rows), dtype=torch.int64)
    shared = points.shared_covariance[:1]
    prior = dense_covariance(
        points.variance, points.direction, shared, group, points.joint_distribution().basis
    )
    index = [int(np.flatnonzero((rows == int(c.y)) & (columns == int(c.x)))[0]) for c in clicks]
    cells = torch.tensor(index)[:, None] * 2 + torch.arange(2)
    cells = cells.flatten()
    observed = prior[cells][:, cells] + sigma**2 * torch.eye(len(cells), dtype=torch.float64)
    gain = prior[:, cells] @ torch.linalg.inv(observed)
    target = torch.tensor([[c.u, c.v] for c in clicks]).double()
    off = (target - points.mean_uv[index]).flatten()
    mean = points.mean_uv + (gain @ off).reshape(-1, 2)
    posterior = prior - gain @ prior[cells]
    count = len(rows)
    blocks = posterior.reshape(count, 2, count, 2)[torch.arange(count), :, torch.arange(count)]
    return rows, columns, mean.numpy(), blocks.numpy()


@pytest.mark.parametrize("sigma", [0.0, CLICK_SIGMA_UV, 0.1])
@pytest.mark.parametrize("shared", [OFFSET, SIMILARITY], ids=["offset", "similarity"])
def test_a_part_moves_and_narrows_as_the_dense_gaussian_does(shared, sigma):
    person = two_part_person(shared)
    clicks = [click_on(person, 2, 1), click_on(person, 9, 6, by=(-0.02, 0.06))]
    found = condition(person, clicks, sigma)
    rows, columns, mean, covariance = dense_posterior(person, clicks, sigma)
    np.testing.assert_allclose(found.uv[rows, columns], mean, atol=2e-5)
    np.testing.assert_allclose(found.covariance_uv[rows, columns], covariance, atol=2e-6)
    assert found.informed.all()
    # The other part is not touched.
    other = person.part == 6
    np.testing.assert_array_equal(found.uv[other], person.uv[other])
    np.testing.assert_array_equal(found.covariance_uv[other], person.covariance_uv[other])
    np.testing.assert_array_equal(found.part, person.part)
    assert np.isnan(found.uv[person.part == 0]).all()


def test_a_position_that_is_asked_for_has_moved_as_its_pixel():
    person = two_part_person(SIMILARITY)
    found = condition(person, [click_on(person, 2, 1)])
    read = found.at(np.array([[4.5, 7.5]]))
    np.testing.assert_allclose(read.mean_uv[0], found.uv[7, 4], atol=1e-6)
    np.testing.assert_allclose(read.covariance()[0], found.covariance_uv[7, 4], rtol=2e-2)


@pytest.mark.parametrize("direction", [False, True])
def test_with_independent_points_only_the_clicked_pixel_moves(direction):
    person = two_part_person(shared=None, direction=direction)
    click = click_on(person, 2, 1)
    found = condition(person, [click])
    changed = np.any(found.uv != person.uv, axis=-1) & (person.part > 0)
    assert np.argwhere(changed).tolist() == [[2, 1]]
    np.testing.assert_allclose(found.uv[2, 1], [click.u, click.v], atol=2e-3)
    narrowed = np.argwhere(found.sigma_uv < person.sigma_uv - 1e-6)
    assert narrowed.tolist() == [[2, 1]] and found.sigma_uv[2, 1] < 1.01 * CLICK_SIGMA_UV


def test_clicks_on_another_part_or_on_background_correct_their_pixel_alone():
    person = two_part_person()
    clicks = [Click(12, 3, 5, 0.3, 0.4), Click(3, 14, 5, 0.1, 0.2)]
    found = condition(person, clicks)
    assert not found.informed.any()
    assert found.part[3, 12] == found.part[14, 3] == 5
    np.testing.assert_allclose(found.uv[[3, 14], [12, 3]], [[0.3, 0.4], [0.1, 0.2]])
    np.testing.assert_allclose(found.sigma_uv[[3, 14], [12, 3]], CLICK_SIGMA_UV, rtol=1e-5)
    same = np.ones(person.part.shape, bool)
    same[[3, 14], [12, 3]] = False
    np.testing.assert_array_equal(found.uv[same], person.uv[same])


def test_no_clicks_change_nothing():
    person = two_part_person()
    found = condition(person, [])
    np.testing.assert_array_equal(found.uv, person.uv)
    np.testing.assert_array_equal(found.covariance_uv, person.covariance_uv)


@pytest.mark.parametrize(
    ("click", "message"),
    [
        (Click(16, 3, 5, 0.5, 0.5), "click 1 at (16, 3): outside the person's window, x 0..16"),
        (Click(-0.1, 3, 5, 0.5, 0.5), "outside the person's window"),
        (Click(float("nan"), 3, 5, 0.5, 0.5), "outside the person's window"),
        (Click(3, 3, 0, 0.5, 0.5), "part 0 is not one of 1..24"),
        (Click(3, 3, 25, 0.5, 0.5), "part 25 is not one of 1..24"),
        (Click(3, 3, 5, 1.01, 0.5), "u = 1.01, v = 0.5 must be in 0..1"),
        (Click(3, 3, 5, 0.5, float("nan")), "must be in 0..1"),
        (Click(1.9, 2.1, 5, 0.5, 0.5), "on the same pixel as click 0"),
    ],
)
def test_clicks_that_cannot_be_used_are_named(click, message):
    person = two_part_person()
    with pytest.raises(ClickError) as error:
        condition(person, [click_on(person, 2, 1), click])
    assert message in str(error.value) and "\n" not in str(error.value)


def test_people_that_cannot_take_clicks():
    person = two_part_person()
    moved = condition(person, [click_on(person, 2, 1)])
    with pytest.raises(ClickError, match="conditioned already"):
        condition(moved, [])
    with pytest.raises(ClickError, match="no noise model"):
        condition(linear_person((0, 0, 8, 8), (8, 8), variance=None), [])


@pytest.mark.parametrize("kind", ["full", "full_similarity"])
def test_points_follow_the_distribution_s_own_conditioning(kind):
    group = random_group(seed=3)
    points = random_points(kind, group, seed=3)
    index = torch.tensor([1, 4, 7])
    target = points.mean_uv[index] + 0.1
    found = condition_points(points, group, index, target, click_sigma_uv=0.0)
    prior = points.distribution(group)
    assert isinstance(prior, PartCorrelatedUV)
    expected = prior.condition(index, target)
    rest = torch.ones(len(group), dtype=torch.bool)
    rest[index] = False
    torch.testing.assert_close(found.mean_uv[rest], expected.mean_uv)
    torch.testing.assert_close(found.covariance()[rest], expected.covariance())
    # A click without noise leaves no doubt at its point.
    torch.testing.assert_close(found.mean_uv[index], target)
    assert found.covariance()[index].abs().max() < 1e-12


def test_two_clicks_on_a_part_count_as_one_of_half_the_noise_where_points_have_none_of_their_own():
    group = torch.zeros(3, dtype=torch.int64)
    points = random_points("full", group, seed=0)
    exact = replace(points, variance=torch.full_like(points.variance, 1e-12), direction=None)
    error = torch.tensor([0.05, -0.02]).double()

    def after(clicked, sigma):
        index = torch.tensor(clicked)
        target = exact.mean_uv[index] + error
        return condition_points(exact, group, index, target, sigma)

    two, one = after([0, 1], 0.1), after([0], 0.1 / 2**0.5)
    torch.testing.assert_close(two.mean_uv[2], one.mean_uv[2])
    torch.testing.assert_close(two.covariance()[2], one.covariance()[2])
