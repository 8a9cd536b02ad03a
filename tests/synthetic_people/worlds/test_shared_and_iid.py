"""`shared` and `iid`: the same marginals, with and without correlation; `clean`: the truth."""

import numpy as np
import pytest

from synthetic_people.worlds.clean import CleanWorld
from synthetic_people.worlds.iid import IidWorld
from synthetic_people.worlds.shared import SharedWorld
from tests.world_points import person

PEOPLE = 2500
PART = [1, 1, 7]
DIRECTION = (0.01, 0.03)
# Of a sample correlation, five standard errors.
NEAR_ZERO = 5 / np.sqrt(PEOPLE)


def people():
    return [person(number, PART, direction=DIRECTION) for number in range(PEOPLE)]


def errors_and_noise(world):
    """(PEOPLE, 3, 2) errors and their parameters."""
    labels = [world.relabel(points, seed=3) for points in people()]
    names = labels[0].noise
    noise = {name: np.array([label.noise[name] for label in labels]) for name in names}
    return np.array([label.uv for label in labels]) - 0.5, noise


@pytest.fixture(scope="module")
def shared():
    return errors_and_noise(SharedWorld())


@pytest.fixture(scope="module")
def iid():
    return errors_and_noise(IidWorld())


def whitened(error, variance, direction):
    """Errors divided by the root of (variance I + r r^T), point by point."""
    covariance = variance[..., None, None] * np.eye(2) + np.einsum(
        "...i,...j->...ij", direction, direction
    )
    return np.linalg.solve(np.linalg.cholesky(covariance), error[..., None])[..., 0]


def marginal(error, noise):
    variance = noise["variance"] + noise["shared_variance"]
    return whitened(error, variance, noise["direction"])


def test_both_worlds_have_the_same_parameters(shared, iid):
    np.testing.assert_allclose(iid[1]["offset_variance"], shared[1]["shared_variance"])
    np.testing.assert_array_equal(iid[1]["visible_variance"], shared[1]["visible_variance"])
    np.testing.assert_array_equal(iid[1]["annotator"], shared[1]["annotator"])
    total = shared[1]["variance"] + shared[1]["shared_variance"]
    np.testing.assert_allclose(iid[1]["variance"], total)
    np.testing.assert_array_equal(iid[1]["direction"], shared[1]["direction"])
    assert (iid[1]["shared_variance"] == 0).all()


@pytest.mark.parametrize("world", ["shared", "iid"])
def test_errors_have_the_marginal_covariance_of_their_parameters(world, request):
    white = marginal(*request.getfixturevalue(world))
    for point in range(len(PART)):
        covariance = white[:, point].T @ white[:, point] / PEOPLE
        np.testing.assert_allclose(covariance, np.eye(2), atol=5 * np.sqrt(2 / PEOPLE))


def test_points_of_a_group_are_correlated_as_their_parameters_say(shared):
    error, noise = shared
    sigma = np.sqrt(noise["shared_variance"][:, :1])
    product = (error[:, 0] / sigma).T @ (error[:, 1] / sigma) / PEOPLE
    np.testing.assert_allclose(product, np.eye(2), atol=0.12)
    # The shared offset is what the two have in common.
    np.testing.assert_array_equal(noise["shared_offset"][:, 0], noise["shared_offset"][:, 1])
    rest = error - noise["shared_offset"]
    white = whitened(rest, noise["variance"], noise["direction"])
    assert np.abs(white[:, 0].T @ white[:, 1]).max() / PEOPLE < NEAR_ZERO


def test_independent_points_are_not_correlated(iid):
    white = marginal(*iid)
    assert np.abs(white[:, 0].T @ white[:, 1]).max() / PEOPLE < NEAR_ZERO


def test_groups_are_not_correlated(shared):
    white = marginal(*shared)
    assert np.abs(white[:, 0].T @ white[:, 2]).max() / PEOPLE < NEAR_ZERO


def test_the_mean_square_given_the_picture_is_the_visible_variance(shared):
    ratio = shared[1]["shared_variance"] / shared[1]["visible_variance"]
    assert ratio.mean() == pytest.approx(1, rel=0.05)
    assert np.log(ratio).std() / 2 == pytest.approx(0.35, rel=0.05)


@pytest.mark.parametrize("world", [SharedWorld(), IidWorld()])
def test_labels_stay_in_the_chart(world):
    points = person(1, [7] * 50, uv=np.full((50, 2), 0.99))
    label = world.relabel(points, seed=0)
    assert (label.uv >= 0).all() and (label.uv <= 1).all() and (label.uv[:, 0] == 1).any()
    np.testing.assert_array_equal(label.part, points.part)


@pytest.mark.parametrize("world", [SharedWorld(), IidWorld()])
def test_seeds_and_people_draw_their_own(world):
    def uv(number, seed):
        return world.relabel(person(number, PART), seed).uv

    np.testing.assert_array_equal(uv(5, 0), uv(5, 0))
    assert (uv(5, 0) != uv(6, 0)).all() and (uv(5, 0) != uv(5, 1)).all()


def test_clean_labels_are_the_truth():
    points = person(1, PART, uv=[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    label = CleanWorld().relabel(points, seed=0)
    np.testing.assert_array_equal(label.uv, points.uv)
    np.testing.assert_array_equal(label.part, points.part)
    assert all((values == 0).all() for values in label.noise.values())
