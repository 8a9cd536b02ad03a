"""People in pictures of another size than their image."""

from __future__ import annotations

import numpy as np
import pytest

from tests.uncertain_densepose.inference.people_factory import figure_person
from uncertain_densepose.visualization import at_picture_size
from uncertain_densepose.visualization.picture_size import longest_side, with_box_side

IMAGE = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
PERSON = figure_person((20, 5, 90, 115), (120, 160))


@pytest.mark.parametrize(
    "shape, side, expected",
    [((100, 50), 200, (200, 100)), ((3, 6000), 600, (1, 600)), ((1, 1), 64, (64, 64))],
)
def test_the_longer_side_has_the_length_that_is_asked_for(shape, side, expected):
    resized = longest_side(np.full((*shape, 3), 70, np.uint8), side)
    assert resized.shape == (*expected, 3) and (resized == 70).all()


@pytest.mark.parametrize(
    "shape, side, expected",
    [
        ((120, 160), None, (480, 640)),
        ((120, 160), 320, (240, 320)),
        ((2400, 3200), None, (1200, 1600)),
        ((900, 700), None, (900, 700)),
        ((1, 1), None, (640, 640)),
    ],
)
def test_pictures_have_the_image_s_size_within_limits(shape, side, expected):
    image, _ = at_picture_size(np.zeros((*shape, 3), np.uint8), [], side)
    assert image.shape[:2] == expected


def test_people_are_read_at_the_pixels_of_the_picture():
    image, (person,) = at_picture_size(IMAGE, [PERSON], 480)
    np.testing.assert_allclose(person.box_xyxy, [60, 15, 270, 345])
    assert person.part.shape == (330, 210) and person.image_size == (360, 480)
    # A point of the person has the same coordinates at either size.
    here, there = PERSON.at(np.array([[55.0, 60.0]])), person.at(np.array([[165.0, 180.0]]))
    np.testing.assert_allclose(here.mean_uv, there.mean_uv, atol=1e-5)
    assert here.part == there.part


@pytest.mark.parametrize("box", [(20, 5, 90, 115), (-30, -20, 90, 200), (5, 5, 5, 5)])
def test_a_box_can_have_the_side_that_is_asked_for(box):
    person = figure_person(box, (120, 160))
    read = with_box_side(person, 250)
    size = (read.box_xyxy[2:] - read.box_xyxy[:2]).max()
    assert size == pytest.approx(250 if box[2] > box[0] else 0, rel=0.02)
    share = read.part[read.part > 0].size / max(read.part.size, 1)
    assert share == pytest.approx(np.mean(person.part > 0) if person.part.size else 0, abs=0.03)
