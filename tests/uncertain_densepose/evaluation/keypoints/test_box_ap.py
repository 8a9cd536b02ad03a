"""Box AP where it is known."""

import math

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.keypoints.keypoint_scene import (
    keypoint_file,
    with_keypoints,
)
from uncertain_densepose.evaluation.keypoints.box_ap import box_average_precision
from uncertain_densepose.evaluation.keypoints.keypoint_file import read_keypoint_set

BOX, OTHER = [10.0, 20.0, 40.0, 60.0], [90.0, 30.0, 30.0, 50.0]


@pytest.fixture
def truth(tmp_path):
    people = [with_keypoints(1, 1, BOX), with_keypoints(2, 1, OTHER)]
    return read_keypoint_set(keypoint_file(tmp_path, people, 2)).truth


def ap(truth, boxes, scores):
    boxes = {key: np.array(value).reshape(-1, 4) for key, value in boxes.items()}
    return box_average_precision(truth, boxes, {k: np.array(v) for k, v in scores.items()})


def test_perfect_boxes(truth):
    found = ap(truth, {1: [BOX, OTHER], 2: []}, {1: [0.9, 0.8], 2: []})
    assert found == {name: pytest.approx(100) for name in ("box_AP", "box_AP50", "box_AP75")}


def test_a_false_person_of_a_higher_score_in_another_image(truth):
    found = ap(truth, {1: [BOX, OTHER], 2: [BOX]}, {1: [0.9, 0.8], 2: [1.0]})
    # Precision is at most 2/3 at every recall.
    assert found["box_AP50"] == pytest.approx(100 * 2 / 3)


def test_boxes_that_are_a_little_off_count_at_low_thresholds(truth):
    wide = [10.0, 20.0, 60.0, 60.0]  # IoU 2/3 with the first.
    found = ap(truth, {1: [wide, OTHER], 2: []}, {1: [0.9, 0.8], 2: []})
    assert found["box_AP50"] == pytest.approx(100) and found["box_AP75"] < 50.1


def test_nobody_found(truth):
    assert set(ap(truth, {1: [], 2: []}, {1: [], 2: []}).values()) == {0.0}


def test_nobody_there(truth):
    empty = type(truth)(truth.json_file, {2: truth[2]}, truth.categories)
    assert all(math.isnan(value) for value in ap(empty, {2: [BOX]}, {2: [0.9]}).values())
