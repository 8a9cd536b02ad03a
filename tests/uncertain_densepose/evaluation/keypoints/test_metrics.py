"""Right parts, confusions and shares of crafted answers."""

import math

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.keypoints.keypoint_scene import answers_of
from uncertain_densepose.evaluation.keypoints.answers import ImageAnswers
from uncertain_densepose.evaluation.keypoints.facing import BACK, FRONT
from uncertain_densepose.evaluation.keypoints.joints import JOINT_NAMES
from uncertain_densepose.evaluation.keypoints.metrics import (
    front_back_confused,
    front_back_told,
    keypoint_metrics,
    left_right_confused,
    part_is_right,
    people_metrics,
    uncertainty_metrics,
)

NOSE, EYE, SHOULDER, WRIST, HIP, KNEE = (
    JOINT_NAMES.index(name)
    for name in ("nose", "left_eye", "left_shoulder", "left_wrist", "left_hip", "left_knee")
)


def test_right_parts_and_parts_of_the_other_side():
    cases = [
        (NOSE, 23, True, False),
        (EYE, 24, True, False),
        (EYE, 23, False, True),
        (WRIST, 4, True, False),
        (WRIST, 3, False, True),  # the other hand
        (WRIST, 22, False, True),
        (WRIST, 17, False, False),  # an upper arm
        (HIP, 2, True, False),
        (HIP, 9, False, True),
        (HIP, 0, False, False),
    ]
    joint, part, right, mirrored = zip(*cases, strict=True)
    answers = answers_of(joint, part)
    assert part_is_right(answers).tolist() == list(right)
    assert left_right_confused(answers).tolist() == list(mirrored)


def test_front_and_back():
    cases = [
        (HIP, 2, FRONT, True, False),
        (HIP, 1, FRONT, True, True),
        (HIP, 8, FRONT, True, True),
        (HIP, 7, BACK, True, False),  # the other leg, but its back
        (SHOULDER, 1, BACK, True, False),
        (SHOULDER, 17, BACK, False, False),  # arms have an inner and an outer side
        (KNEE, 8, FRONT, False, False),  # knees bend
        (HIP, 2, 0, False, False),
        (HIP, 14, FRONT, False, False),  # not a part of the hip
    ]
    joint, part, facing, told, confused = zip(*cases, strict=True)
    answers = answers_of(joint, part, facing=np.array(facing))
    assert front_back_told(answers).tolist() == list(told)
    assert front_back_confused(answers).tolist() == list(confused)


def test_shares_of_those_found_and_of_all():
    answers = answers_of(
        [NOSE, EYE, WRIST, HIP, KNEE],
        [23, 23, 0, 2, 0],
        distance_cm=np.array([5.0, np.nan, np.inf, 15.0, np.inf]),
        matched=np.array([True, True, True, True, False]),
    )
    found = keypoint_metrics(answers)
    assert found["part_right"] == 50 and found["part_right_of_all"] == 40
    assert found["left_right"] == found["no_answer"] == 25
    # The place of an eye is not known.
    assert found["within_10cm"] == pytest.approx(100 / 3)
    assert found["within_20cm"] == pytest.approx(200 / 3)
    assert found["within_10cm_of_all"] == 25 and found["within_20cm_of_all"] == 50
    assert (found["num_keypoints"], found["num_placed"], found["num_keypoints_of_all"]) == (4, 3, 5)
    assert found["part_right-nose"] == 100 and found["part_right-wrists"] == 0
    assert math.isnan(found["within_20cm-eyes"]) and "part_right-knees" not in found
    assert math.isnan(found["front_back"])


def test_the_uncertainty_is_asked_where_there_are_answers():
    part = np.array([4, 4, 3, 22, 0])
    answers = answers_of(
        [WRIST] * 5,
        part,
        sigma_cm=np.array([1.0, 2, 3, 4, np.nan]),
        part_probability=np.array([0.2, 0.4, 0.6, 0.8, np.nan]),
        distance_cm=np.array([1.0, 30, 1, 90, np.inf]),
    )
    found, curves = uncertainty_metrics(answers)
    assert found["AUROC-wrong_part by sigma_cm"] == 1
    assert found["AUROC-wrong_part by part_probability"] == 0
    assert found["AUROC-wrong_part by score"] == 0.5
    assert found["AUROC-beyond_20cm by sigma_cm"] == 0.75
    assert (
        found["wrong-wrong_part by score"] == 50 and found["num_answers-wrong_part by score"] == 4
    )
    assert set(curves["wrong_part"]) == {"sigma_cm", "part_probability", "score"}
    assert found["AURC-wrong_part by sigma_cm"] < found["AURC-wrong_part by score"]


def test_a_model_without_uncertainty_is_not_asked_for_it():
    found, curves = uncertainty_metrics(answers_of([WRIST], [4], sigma_cm=np.array([np.nan])))
    assert set(curves["wrong_part"]) == {"part_probability", "score"}
    assert not any("sigma_cm" in name for name in found)


def image(match, measured, labelled, mask_iou, num_false):
    """An image of which nothing but people is known."""
    flags = (np.array(values, dtype=bool) for values in (measured, labelled))
    match = np.array(match, dtype=np.int64)
    return ImageAnswers(answers_of([], []), match, *flags, np.array(mask_iou), num_false)


def test_people():
    images = [
        image([0, -1, -1], [True, True, False], [True, False, False], [0.6], 1),
        image([], [], [], [], 4),
        image([1], [True], [True], [0.8], 0),
    ]
    found = people_metrics(images)
    assert found["found"] == pytest.approx(200 / 3) and found["found_with_keypoints"] == 100
    assert found["mask_iou"] == pytest.approx(70)
    assert found["false_with_people"] == 0.5 and found["false_without_people"] == 4
    assert (found["num_people"], found["num_images_with_people"]) == (3, 2)
