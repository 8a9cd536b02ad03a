"""Drawn errors have the covariance that their parameters describe."""

import numpy as np
import pytest

from synthetic_people.noise import FEATURE_NAMES, LabelNoiseModel, PointNoise
from uncertain_densepose.surface import FLIP_PARTS

DRAWS = 20_000


def dense_covariance(noise):
    """(2P, 2P): D + E B E^T, written out point by point."""
    count = len(noise.group)
    covariance = np.zeros((count, 2, count, 2))
    for i in range(count):
        for j in range(count):
            if noise.group[i] == noise.group[j]:
                covariance[i, :, j, :] += noise.shared_variance[i] * np.eye(2)
        r = noise.direction[i]
        covariance[i, :, i, :] += noise.variance[i] * np.eye(2) + np.outer(r, r)
    return covariance.reshape(2 * count, 2 * count)


def some_points(rng, count=7):
    part = np.sort(rng.integers(1, 25, size=count))
    part[1] = part[0]
    return part, rng.uniform(0.1, 0.9, size=(count, 2)), rng.uniform(0, 1, size=(count, 5))


def test_errors_have_the_dense_covariance():
    rng = np.random.default_rng(0)
    noise = LabelNoiseModel().parameters(*some_points(rng))
    draws = np.array([noise.sample(rng)[0].ravel() for _ in range(DRAWS)])
    expected = dense_covariance(noise)
    standard = np.sqrt(np.diag(expected))
    # An entry's standard error is at most sqrt(2 / DRAWS) in units of the standard deviations.
    error = (np.cov(draws.T) - expected) / np.outer(standard, standard)
    assert np.abs(error).max() < 5 * np.sqrt(2 / DRAWS)
    assert np.abs(draws.mean(axis=0) / standard).max() < 5 / np.sqrt(DRAWS)


def test_the_shared_offset_is_what_a_group_has_in_common():
    rng = np.random.default_rng(1)
    group = np.array([0, 0, 0, 1, 1])
    noise = PointNoise(np.zeros(5), np.zeros((5, 2)), np.full(5, 0.03**2), group)
    error, shared = noise.sample(rng)
    np.testing.assert_array_equal(error, shared)
    for members in (group == 0, group == 1):
        assert (shared[members] == shared[members][0]).all()
    assert (shared[0] != shared[3]).all()


def test_sizes_stay_in_their_ranges_and_grow_with_difficulty():
    model = LabelNoiseModel()
    part = np.arange(1, 25)
    uv = np.full((24, 2), 0.5)
    easy = model.parameters(part, uv, np.zeros((24, 5)) - 3)
    hard = model.parameters(part, uv, np.zeros((24, 5)) + 3)
    for noise in (easy, hard):
        assert (np.sqrt(noise.variance) >= 0.01).all() and (np.sqrt(noise.variance) <= 0.04).all()
        length = np.linalg.norm(noise.direction, axis=1)
        assert (length >= 0.01).all() and (length <= 0.05).all()
        shift = np.sqrt(noise.shared_variance)
        assert (shift >= 0.02).all() and (shift <= 0.05).all()
    assert (hard.variance > easy.variance).all()
    assert (hard.shared_variance > easy.shared_variance).all()


def test_points_slip_mostly_along_the_limb():
    rng = np.random.default_rng(2)
    direction = LabelNoiseModel().parameters(*some_points(rng, 200)).direction
    assert (np.abs(direction[:, 1]) > 2 * np.abs(direction[:, 0])).mean() > 0.9


@pytest.mark.parametrize("part", [1, 2])
def test_a_mirrored_torso_obeys_the_same_model(part):
    model, features = LabelNoiseModel(), np.full((1, 5), 0.3)
    here = model.parameters(np.array([part]), np.array([[0.3, 0.6]]), features)
    there = model.parameters(np.array([part]), np.array([[0.7, 0.6]]), features)
    np.testing.assert_allclose(here.direction * [-1, 1], there.direction)


def test_mirrored_limbs_obey_the_same_model():
    rng = np.random.default_rng(3)
    part, uv, features = some_points(rng, 60)
    limb = part > 2
    here = LabelNoiseModel().parameters(part[limb], uv[limb], features[limb])
    there = LabelNoiseModel().parameters(FLIP_PARTS[part[limb]], uv[limb], features[limb])
    np.testing.assert_allclose(here.direction, there.direction)
    np.testing.assert_allclose(here.variance, there.variance)


def test_no_points_is_no_noise():
    noise = LabelNoiseModel().parameters(
        np.zeros(0, int), np.zeros((0, 2)), np.zeros((0, len(FEATURE_NAMES)))
    )
    error, shared = noise.sample(np.random.default_rng(0))
    assert error.shape == shared.shape == (0, 2)


def test_the_file_names_all_constants():
    described = LabelNoiseModel().as_dict()
    assert described["features"] == list(FEATURE_NAMES)
    assert len(described["part_bias"]) == len(described["tilt_rad"]) == 25
    assert set(described["jitter"]) == {"low", "high", "bias", "weights"}
