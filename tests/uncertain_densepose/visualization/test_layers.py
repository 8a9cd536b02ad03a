"""Maps painted over images: right colours at right pixels, nothing anywhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.uncertain_densepose.inference.people_factory import figure_person, linear_person
from uncertain_densepose.surface import FLIP_PARTS
from uncertain_densepose.visualization import (
    PART_COLOURS,
    draw_parts,
    draw_sigma_cm,
    draw_uv,
    shared_vmax_cm,
    with_colour_bar,
)
from uncertain_densepose.visualization.layers import colourise, draw_probability
from uncertain_densepose.visualization.palette import (
    COORDINATE_COLOURS,
    SIGMA_COLOURS,
    oklch_to_srgb,
)

IMAGE = np.full((90, 60, 3), (10, 120, 240), dtype=np.uint8)


def lab(colours_rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(colours_rgb[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]


def test_no_two_charts_look_alike():
    colours = lab(PART_COLOURS[1:])
    distance = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
    # A difference of 2.3 is just noticeable; ten times as much is told apart at a glance.
    assert distance[~np.eye(24, dtype=bool)].min() > 23


def test_left_and_right_twins_differ_in_lightness_and_hardly_in_hue():
    twins = [(p, q) for p, q in enumerate(FLIP_PARTS) if p < q]
    assert len(twins) == 11
    colours = lab(PART_COLOURS)
    hue = np.rad2deg(np.arctan2(colours[:, 2], colours[:, 1]))
    for one, other in twins:
        assert abs((hue[one] - hue[other] + 180) % 360 - 180) < 25
        assert abs(colours[one, 0] - colours[other, 0]) > 20


def test_oklch_extremes_are_black_and_white():
    np.testing.assert_allclose(oklch_to_srgb(0, 0, 0), 0, atol=1e-6)
    np.testing.assert_allclose(oklch_to_srgb(1, 0, 0), 1, atol=1e-5)


def test_parts_are_painted_in_their_colours_and_background_is_left():
    person = figure_person((0, 0, 60, 90), (90, 60))
    picture = draw_parts(IMAGE, [person], opacity=1.0)
    shown = person.part > 0
    np.testing.assert_array_equal(picture[shown], PART_COLOURS[person.part[shown]][:, ::-1])
    np.testing.assert_array_equal(picture[~shown], IMAGE[~shown])
    assert (IMAGE == (10, 120, 240)).all()


def test_opacity_blends_with_the_image():
    person = linear_person((0, 0, 60, 90), (90, 60), part=7)
    picture = draw_parts(IMAGE, [person], opacity=0.25)
    expected = 0.25 * PART_COLOURS[7][::-1] + 0.75 * IMAGE[0, 0]
    np.testing.assert_allclose(picture[40, 30], expected, atol=0.5)


def test_the_surer_person_is_in_front():
    surer = linear_person((0, 0, 40, 90), (90, 60), part=3, score=0.9)
    other = linear_person((20, 0, 60, 90), (90, 60), part=5, score=0.6)
    for people in ([surer, other], [other, surer]):
        picture = draw_parts(IMAGE, people, opacity=1.0)
        np.testing.assert_array_equal(picture[50, 30], PART_COLOURS[3][::-1])
        np.testing.assert_array_equal(picture[50, 50], PART_COLOURS[5][::-1])


@pytest.mark.parametrize("coordinate, axis", [("u", 0), ("v", 1)])
def test_coordinates_follow_their_colour_scale(coordinate, axis):
    person = linear_person((0, 0, 60, 90), (90, 60), derivative=((0.5, 0), (0, 0.5)))
    picture = draw_uv(IMAGE, [person], coordinate, opacity=1.0)
    expected = COORDINATE_COLOURS(person.uv[..., axis], bytes=True)[..., 2::-1]
    np.testing.assert_array_equal(picture, expected)


def test_probabilities_follow_their_colour_scale():
    person = figure_person((0, 0, 60, 90), (90, 60))
    picture = draw_probability(IMAGE, [person], opacity=1.0)
    shown = person.part > 0
    expected = COORDINATE_COLOURS(person.part_probability[shown], bytes=True)[:, 2::-1]
    np.testing.assert_array_equal(picture[shown], expected)
    np.testing.assert_array_equal(picture[~shown], IMAGE[~shown])
    assert len(np.unique(expected, axis=0)) > 3


def test_an_unknown_coordinate_is_refused():
    with pytest.raises(ValueError, match="'w'"):
        draw_uv(IMAGE, [], "w")


def test_colours_end_at_vmax():
    colours = colourise(np.array([[0.0, 3.0, 6.0, 60.0]]), 6.0, SIGMA_COLOURS)
    ends = SIGMA_COLOURS(np.array([0.0, 0.5, 1.0, 1.0]), bytes=True)[:, :3]
    np.testing.assert_array_equal(colours[0], ends)


def test_sigma_is_painted_only_where_a_noise_model_gives_it():
    known = linear_person((0, 0, 30, 90), (90, 60), variance=0.04**2)
    unknown = linear_person((30, 0, 60, 90), (90, 60), variance=None)
    picture = draw_sigma_cm(IMAGE, [known, unknown], vmax_cm=4.0, opacity=1.0)
    # 0.04 chart units on squares of half a metre: 2 cm, the middle of the scale.
    middle = SIGMA_COLOURS(0.5, bytes=True)[2::-1]
    np.testing.assert_allclose(picture[45, 15], middle, atol=4)
    np.testing.assert_array_equal(picture[:, 30:], IMAGE[:, 30:])


def test_the_shared_scale_ends_at_the_percentile_of_all_people():
    low = linear_person((0, 0, 30, 90), (90, 60), variance=0.04**2)
    high = linear_person((30, 0, 60, 90), (90, 60), variance=0.1**2)
    assert shared_vmax_cm([low, high]) == pytest.approx(5.0, rel=1e-4)
    assert shared_vmax_cm([low]) == pytest.approx(2.0, rel=1e-4)
    assert shared_vmax_cm([linear_person((0, 0, 9, 9), (90, 60), variance=None)]) is None
    assert shared_vmax_cm([]) is None


def test_a_colour_bar_is_added_on_the_right():
    wide = with_colour_bar(IMAGE, 5.0, width=70)
    assert wide.shape == (90, 130, 3) and wide.dtype == np.uint8
    np.testing.assert_array_equal(wide[:, :60], IMAGE)
    bar = wide[:, 60:].reshape(-1, 3)
    for end in (0.05, 0.95):
        colour = np.array(SIGMA_COLOURS(end, bytes=True)[2::-1], dtype=int)
        assert np.abs(bar - colour).max(axis=1).min() < 16
