"""Maps of a whole picture: people in their places, the surest on top."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.uncertain_densepose.inference.people_factory import figure_person, linear_person
from uncertain_densepose.inference import picture_maps
from uncertain_densepose.inference.picture_maps import draw_iuv, draw_parts, draw_person_index

SIZE = (50, 70)


def test_nobody_gives_background():
    maps = picture_maps([], SIZE)
    assert maps.iuv().shape == (*SIZE, 3) and not maps.iuv().any()
    assert maps.person_index().dtype == np.uint8 and not maps.person_index().any()


def test_a_person_stands_where_it_was_found():
    person = figure_person((10, 5, 60, 49), SIZE)
    maps = picture_maps([person], SIZE)
    x0, y0, x1, y1 = person.window
    iuv = maps.iuv()
    shown = person.part > 0
    np.testing.assert_array_equal(iuv[y0:y1, x0:x1, 0], person.part)
    expected = np.rint(255 * np.clip(person.uv[shown], 0, 1))
    np.testing.assert_array_equal(iuv[y0:y1, x0:x1, 1:][shown], expected)
    np.testing.assert_array_equal(maps.person_index()[y0:y1, x0:x1], shown)
    outside = np.ones(SIZE, bool)
    outside[y0:y1, x0:x1] = ~shown
    assert not iuv[outside].any() and not maps.person[outside].any()


@pytest.mark.parametrize(
    "scores, on_top", [((0.9, 0.4), 1), ((0.4, 0.9), 2), ((0.6, 0.6), 1)], ids=str
)
def test_where_people_overlap_the_highest_score_is_on_top(scores, on_top):
    boxes = [(0, 0, 40, 40), (20, 20, 70, 50)]
    people = [
        linear_person(box, SIZE, part=part, score=score)
        for box, part, score in zip(boxes, (3, 7), scores, strict=True)
    ]
    maps = picture_maps(people, SIZE)
    assert maps.person[5, 5] == 1 and maps.person[45, 60] == 2 and maps.person[45, 5] == 0
    assert (maps.person[20:40, 20:40] == on_top).all()
    assert (maps.part[20:40, 20:40] == (3, 7)[on_top - 1]).all()
    top = people[on_top - 1]
    x0, y0, _, _ = top.window
    np.testing.assert_array_equal(maps.uv[30, 30], top.uv[30 - y0, 30 - x0])


def test_more_people_than_a_byte_holds_have_numbers_of_16_bits():
    person = linear_person((0, 0, 9, 9), (10, 10), score=0.5)
    index = picture_maps([person] * 256 + [linear_person((0, 0, 9, 9), (10, 10))], (10, 10))
    assert index.person_index().dtype == np.uint16 and index.person_index()[4, 4] == 257


@pytest.mark.parametrize("max_pixels", [1, 300, 10**6])
def test_what_is_drawn_in_bands_are_the_maps(monkeypatch, max_pixels):
    boxes = [(-8, 3, 40, 49), (20.5, -4, 70, 60), (30, 10, 62, 45), (69.9, 0, 75, 50)]
    people = [figure_person(box, SIZE, score=s) for box, s in zip(boxes, (3, 1, 2, 4), strict=True)]
    maps = picture_maps(people, SIZE)
    assert len(np.unique(maps.person)) == 4
    monkeypatch.setattr(sys.modules[draw_iuv.__module__], "MAX_PIXELS", max_pixels)
    in_bands = picture_maps(people, SIZE)
    np.testing.assert_array_equal(in_bands.person, maps.person)
    np.testing.assert_array_equal(in_bands.uv, maps.uv)
    for draw, expected in (
        (draw_iuv, maps.iuv()),
        (draw_parts, maps.part),
        (draw_person_index, maps.person_index()),
    ):
        drawn = draw(people, SIZE)
        assert drawn.dtype == expected.dtype
        np.testing.assert_array_equal(drawn, expected)


def test_the_index_of_many_people_is_drawn_with_16_bits():
    people = [linear_person((0, 0, 9, 9), (10, 10), score=0.5)] * 256
    assert draw_person_index(people[:255], (10, 10)).dtype == np.uint8
    assert draw_person_index(people, (10, 10)).dtype == np.uint16
