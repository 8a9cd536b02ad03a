"""Draws of the joint error have the model's covariance, within a pixel and between pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.inference.people_factory import (
    cell_centres,
    flat_metric,
    linear_person,
    maps_of,
)
from uncertain_densepose.inference import Person
from uncertain_densepose.inference.error_field import error_length_cm, sample_error_field

SIDE, SIZE = 8, (6, 5)
NUM_DRAWS = 20000


def two_part_person(shared: torch.Tensor | None) -> Person:
    """Torso on the left, an arm on the right, background below; s and r vary over the map."""
    x, y = cell_centres(SIDE)
    part = torch.where(x < 0.5, 2, 17)
    part[y > 0.8] = 0
    direction = 0.05 * torch.stack([y, x])
    maps = maps_of(part, 0.2 + 0.5 * x, 0.3 + 0.4 * y, 1e-3 + 1e-3 * x, direction, shared)
    return Person(np.array([0, 0, 5, 6], np.float32), 0.9, maps, SIZE, flat_metric())


def chart_shares(size: int) -> torch.Tensor:
    """A covariance for each chart, with correlated coordinates."""
    root = 0.03 * torch.randn(25, size, size, generator=torch.Generator().manual_seed(3))
    return root @ root.mT


def expected_covariance(person: Person) -> np.ndarray:
    """(P, 2, P, 2) D + E B Eᵀ, term by term, in float64."""
    row, column = np.nonzero(person.part)
    points = person.at(np.stack([column, row], axis=-1) + 0.5)
    points = points.map(lambda v: v.double() if v.is_floating_point() else v)
    num = len(row)
    total = np.zeros((num, 2, num, 2))
    for i in range(num):
        own = points.variance[i] * torch.eye(2)
        if points.direction is not None:
            own = own + torch.outer(points.direction[i], points.direction[i])
        total[i, :, i, :] += own.numpy()
        for j in range(num):
            if points.shared_covariance is not None and points.part[i] == points.part[j]:
                basis = points.joint_distribution().basis
                shared = basis[i] @ points.shared_covariance[i] @ basis[j].T
                total[i, :, j, :] += shared.numpy()
    return total


@pytest.mark.parametrize("shared_size", [0, 2, 4], ids=["independent", "offset", "similarity"])
def test_draws_have_the_covariance_of_the_model(shared_size):
    person = two_part_person(chart_shares(shared_size) if shared_size else None)
    draws = sample_error_field(person, NUM_DRAWS)
    shown = person.part > 0
    assert draws.shape == (NUM_DRAWS, *SIZE, 2) and draws.dtype == np.float32
    assert np.isnan(draws[:, ~shown]).all() and (~shown).any()
    flat = draws[:, shown].astype(np.float64).reshape(NUM_DRAWS, -1)
    expected = expected_covariance(person).reshape(flat.shape[1], -1)
    scale = np.sqrt(np.diag(expected))
    correlation_error = (np.cov(flat.T, bias=True) - expected) / np.outer(scale, scale)
    assert np.abs(correlation_error).max() < 6 / np.sqrt(NUM_DRAWS)
    assert np.abs(flat.mean(axis=0) / scale).max() < 5 / np.sqrt(NUM_DRAWS)
    # Pixels of one part err together if the model shares an error, those of two parts never.
    part = person.part[shown]
    between = expected.reshape(len(part), 2, len(part), 2).any(axis=(1, 3))
    same = part[:, None] == part
    assert not between[~same].any()
    assert between[same & ~np.eye(len(part), dtype=bool)].all() == bool(shared_size)


def test_draws_are_told_by_their_seed_and_leave_the_global_generator_alone():
    person = two_part_person(chart_shares(2))
    torch.manual_seed(5)
    before = torch.rand(1)
    torch.manual_seed(5)
    first, same, other = (sample_error_field(person, 2, seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.rand(1))
    np.testing.assert_array_equal(first, same)
    assert np.nanmin(np.abs(first - other)) > 0
    assert np.nanmin(np.abs(first[0] - first[1])) > 0


def test_without_a_noise_model_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="no noise model"):
        sample_error_field(linear_person((0, 0, 5, 5), SIZE, variance=None), 1)


@pytest.mark.parametrize("box, part", [((2, 2, 2, 2), 2), ((0, 0, 5, 5), 0)], ids=["empty", "back"])
def test_a_person_without_pixels_has_an_empty_field(box, part):
    person = linear_person(box, SIZE, part=part)
    draws = sample_error_field(person, 3)
    assert draws.shape == (3, *person.part.shape, 2) and not np.isfinite(draws).any()


def test_lengths_are_those_on_the_body():
    jacobian_m = np.tile(np.array([[0.5, 0.1], [0, 0.2], [0.1, 0]], np.float32), (24, 1, 1))
    person = replace(two_part_person(None), metric=flat_metric(jacobian_m))
    error = sample_error_field(person, 2)
    length = error_length_cm(person, error)
    expected = 100 * np.linalg.norm(error @ jacobian_m[0].T, axis=-1)
    np.testing.assert_allclose(length, expected, rtol=1e-5)
    assert np.isnan(length[:, person.part == 0]).all()
