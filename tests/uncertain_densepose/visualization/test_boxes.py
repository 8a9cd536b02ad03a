"""Boxes with the numbers by which people are named."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.uncertain_densepose.inference.people_factory import linear_person
from uncertain_densepose.visualization import draw_boxes
from uncertain_densepose.visualization.boxes import BOX_BGR, OTHER_BOX_BGR

IMAGE = np.full((400, 300, 3), 90, dtype=np.uint8)
SIZE = IMAGE.shape[:2]


def pixels_of(picture: np.ndarray, colour: tuple) -> np.ndarray:
    return (picture == np.array(colour, dtype=np.uint8)).all(axis=-1)


def test_the_edges_of_the_box_are_drawn():
    picture = draw_boxes(IMAGE, [linear_person((40, 50, 200, 350), SIZE)])
    marked = pixels_of(picture, BOX_BGR)
    for row, column in ((200, 40), (200, 199), (50, 150), (349, 100)):
        assert marked[row, column]
    assert not marked[100:340, 50:190].any()
    assert (IMAGE == 90).all()


def test_the_label_says_number_and_score(monkeypatch):
    texts = []
    monkeypatch.setattr(cv2, "putText", lambda picture, text, *rest: texts.append(text))
    people = [linear_person((40, 50, 200, 350), SIZE, score=s) for s in (0.876, 0.5)]
    draw_boxes(IMAGE, people)
    assert sorted(texts) == ["0: 0.88", "1: 0.50"]


def test_the_surest_is_in_front_and_the_chosen_one_is_told_from_the_others():
    people = [linear_person((40, 50, 200, 350), SIZE, score=s) for s in (0.9, 0.5)]
    assert pixels_of(draw_boxes(IMAGE, people), BOX_BGR)[200, 40]
    assert pixels_of(draw_boxes(IMAGE, people, chosen=1), BOX_BGR)[200, 40]
    apart = [people[0], linear_person((210, 50, 290, 350), SIZE, score=0.5)]
    picture = draw_boxes(IMAGE, apart, chosen=1)
    assert pixels_of(picture, OTHER_BOX_BGR)[200, 40] and pixels_of(picture, BOX_BGR)[200, 210]


@pytest.mark.parametrize("box", [(-50, -50, 40, 40), (280, 380, 340, 460), (-9, -9, 310, 410)])
def test_the_label_of_a_box_at_the_edge_is_in_the_picture(box, monkeypatch):
    corners = []
    draw = cv2.putText
    monkeypatch.setattr(
        cv2,
        "putText",
        lambda *a: (corners.append((a[2], cv2.getTextSize(a[1], *a[3:5], 1)[0])), draw(*a)),
    )
    draw_boxes(IMAGE, [linear_person(box, SIZE)])
    (((x, y), (width, height)),) = corners
    assert 0 <= x and x + width <= 300 + 2 and 0 <= y - height and y <= 400
