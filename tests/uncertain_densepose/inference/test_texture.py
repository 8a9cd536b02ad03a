"""Colours of pixels on the charts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt

from tests.uncertain_densepose.inference.people_factory import (
    cell_centres,
    figure_person,
    linear_person,
    maps_of,
)
from uncertain_densepose.inference import transfer_texture
from uncertain_densepose.inference.texture import fill_holes

SIZE = (100, 120)
BOX = (10, 10, 110, 90)


def smooth_colours(uv: np.ndarray) -> np.ndarray:
    """(..., 3) uint8, a smooth function of chart coordinates."""
    u, v = np.nan_to_num(uv[..., 0]), np.nan_to_num(uv[..., 1])
    return np.stack([200 * u, 200 * v, 100 + 50 * (u - v)], axis=-1).clip(0, 255).astype(np.uint8)


def painted(person) -> np.ndarray:
    """An image in which the person wears :func:`smooth_colours`."""
    image = np.zeros((*person.image_size, 3), np.uint8)
    image[person.window_slices] = smooth_colours(person.uv)
    return image


def plain(person, colour: int) -> np.ndarray:
    return np.full((*person.image_size, 3), colour, np.uint8)


@pytest.mark.parametrize("texels", [32, 128])
def test_the_colours_of_a_picture_come_back(texels):
    """With 32 texels a chart several pixels share one, with 128 there are gaps between pixels."""
    person = linear_person(BOX, SIZE, part=5)
    texture = transfer_texture([(painted(person), person)], texels)
    shown = person.part > 0
    found = texture.colours(person.part[shown], person.uv[shown])
    expected = smooth_colours(person.uv[shown]).astype(float)
    assert np.abs(found - expected).mean() < 2
    assert texture.texels == texels and texture.atlas.dtype == np.uint8


def test_only_seen_charts_are_marked_and_they_have_no_holes():
    person = figure_person(BOX, SIZE)
    texture = transfer_texture([(plain(person, 77), person)], 64)
    parts = np.unique(person.part[person.part > 0])
    assert (np.flatnonzero(texture.seen) + 1).tolist() == parts.tolist()
    assert np.isin(texture.atlas[texture.seen], (0, 77)).all()
    assert (texture.atlas[texture.weight > 0] == 77).all()
    assert (texture.atlas[~texture.seen] == 0).all()
    assert (texture.weight[~texture.seen] == 0).all()
    filled = (texture.weight[texture.seen] == 0).mean()
    assert 0 < filled < 1


def test_a_hole_takes_the_colours_around_it_and_not_those_far_away():
    """Left of u = 0.4 dark, right of it bright, and a gap between."""
    person = linear_person(BOX, SIZE, part=5, derivative=((0.8, 0), (0, 0.8)))
    image = np.zeros((*SIZE, 3), np.uint8)
    u = person.uv[..., 0]
    image[person.window_slices] = np.where(u < 0.5, 40, 200)[..., None]
    x, y = cell_centres(16)
    part = torch.full((16, 16), 5)
    part[:, 6:8] = 0
    gap = maps_of(part, 0.2 + 0.8 * x, 0.2 + 0.8 * y, torch.full((16, 16), 1e-3))
    texture = transfer_texture([(image, dataclasses.replace(person, maps=gap))], 64)
    row = texture.atlas[4, 38, :, 0].astype(int)
    seen = np.flatnonzero(texture.weight[4, 38] > 0)
    first, last = seen[0], seen[-1]
    assert 2 < np.diff(seen).max() < 9
    # Beyond the left border of what is seen the dark side is near and the bright one far.
    assert not row[: first - 4].any() and (np.abs(row[first - 4 : first] - 41) <= 1).all()
    assert (np.diff(row[first : last + 1]) >= -1).all() and row[last] == 200


def test_holes_are_filled_with_the_mean_weighed_by_the_fourth_power_of_the_distance():
    rng = np.random.default_rng(0)
    weight = rng.uniform(1, 5, (12, 12)) * (rng.random((12, 12)) < 0.3)
    colour = rng.uniform(0, 255, (12, 12, 3))
    found = fill_holes(colour * weight[..., None], weight)
    row, column = np.nonzero(weight)
    for k, m in np.ndindex(12, 12):
        expected = colour[k, m]
        if weight[k, m] == 0:
            share = weight[row, column] / np.hypot(row - k, column - m) ** 4
            expected = share @ colour[row, column] / share.sum()
        np.testing.assert_allclose(found[k, m], expected, rtol=1e-6)


def test_two_views_are_blended_by_their_inverse_variance():
    sure = linear_person(BOX, SIZE, part=5, variance=1e-4)
    unsure = linear_person(BOX, SIZE, part=5, variance=3e-4)
    texture = transfer_texture([(plain(sure, 200), sure), (plain(unsure, 100), unsure)], 32)
    seen = texture.weight[4] > 0
    assert np.abs(texture.atlas[4][seen].astype(int) - 175).max() <= 1
    # 1/1e-4 + 1/3e-4 of every pixel, none of which is lost.
    np.testing.assert_allclose(texture.weight.sum(), sure.part.size * (1e4 + 1e4 / 3), rtol=1e-4)


def test_views_of_different_parts_add_up():
    one, other = linear_person(BOX, SIZE, part=5), linear_person(BOX, SIZE, part=6)
    texture = transfer_texture([(plain(one, 10), one), (plain(other, 20), other)], 16)
    seen = texture.weight > 0
    assert (texture.atlas[4][seen[4]] == 10).all() and (texture.atlas[5][seen[5]] == 20).all()


def test_without_a_noise_model_every_pixel_weighs_one():
    person = linear_person(BOX, SIZE, part=5, variance=None)
    texture = transfer_texture([(plain(person, 9), person)], 16)
    np.testing.assert_allclose(texture.weight.sum(), person.part.size, rtol=1e-6)


def test_a_single_pixel_colours_a_few_texels_around_it_and_no_more():
    person = linear_person((3.3, 2.2, 3.8, 2.9), (6, 8), part=5)
    texture = transfer_texture([(plain(person, 31), person)], 64)
    seen = texture.weight[4] > 0
    filled = texture.atlas[4, ..., 0] == 31
    distance = distance_transform_edt(~seen)
    np.testing.assert_array_equal(filled, distance <= 4)
    assert seen.sum() <= 4 and 40 < filled.sum() < 120


def test_the_gaps_between_the_pixels_of_a_small_person_are_filled():
    """Ten pixels along 128 texels."""
    person = linear_person((0, 0, 10, 10), (10, 10), part=5)
    texture = transfer_texture([(plain(person, 50), person)], 128)
    assert (texture.weight[4] == 0).mean() > 0.9
    # From u = v = 0.23 to 0.77.
    assert (texture.atlas[4, 30:99, 30:99] == 50).all()


def test_what_lies_behind_something_stays_empty():
    """A sliver at the left border of a chart says nothing of its right side."""
    person = linear_person(BOX, SIZE, part=5)
    x, y = cell_centres(16)
    part = torch.full((16, 16), 5)
    part[:, 2:] = 0
    sliver = maps_of(part, x, y, torch.full((16, 16), 1e-3))
    texture = transfer_texture([(plain(person, 90), dataclasses.replace(person, maps=sliver))], 128)
    seen_columns = np.flatnonzero((texture.weight[4] > 0).any(axis=0))
    filled_columns = np.flatnonzero((texture.atlas[4] > 0).any(axis=(0, 2)))
    assert seen_columns.max() < 30 and filled_columns.max() == seen_columns.max() + 4


def test_a_person_without_pixels_gives_an_empty_atlas():
    person = linear_person((20, 1, 30, 4), (6, 8))
    texture = transfer_texture([(plain(person, 9), person)], 8)
    assert not texture.seen.any() and not texture.atlas.any()


def test_views_that_cannot_be_used_are_refused():
    person = linear_person(BOX, SIZE)
    with pytest.raises(ValueError, match="needs views"):
        transfer_texture([])
    with pytest.raises(ValueError, match=r"view 0: the image is uint8 of shape \(9, 9, 3\)"):
        transfer_texture([(np.zeros((9, 9, 3), np.uint8), person)])
    without = linear_person(BOX, SIZE, variance=None)
    with pytest.raises(ValueError, match="only some of the views have a noise model"):
        transfer_texture([(plain(person, 1), person), (plain(without, 1), without)])
