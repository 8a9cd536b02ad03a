import numpy as np

from uncertain_densepose.evaluation.points.matching import UNMATCHED, box_overlap, match_by_score

EVERYONE = np.ones(2, dtype=bool)


def test_overlap_is_intersection_over_union_and_over_the_detection_for_a_crowd():
    boxes = np.array([[0.0, 0, 10, 10], [50, 50, 0, 0]])
    people = np.array([[5.0, 0, 10, 10], [0, 0, 20, 20]])
    overlap = box_overlap(boxes, people, np.array([False, True]))
    np.testing.assert_allclose(overlap, [[50 / 150, 1.0], [0, 0]])


def test_overlap_with_nothing():
    assert box_overlap(np.zeros((0, 4)), np.zeros((2, 4))).shape == (0, 2)
    assert box_overlap(np.zeros((3, 4)), np.zeros((0, 4))).shape == (3, 0)


def test_the_highest_score_chooses_first_and_each_detection_stands_for_one_person():
    overlap = np.array([[0.6, 0.7], [0.9, 0.95]])
    np.testing.assert_array_equal(match_by_score(overlap, EVERYONE), [1, 0])


def test_a_lower_score_does_not_take_a_person_over():
    overlap = np.array([[0.6, 0.0], [0.9, 0.0]])
    np.testing.assert_array_equal(match_by_score(overlap, EVERYONE), [0, UNMATCHED])


def test_too_little_overlap_is_no_match_and_half_is_enough():
    overlap = np.array([[0.49, 0.5]])
    np.testing.assert_array_equal(match_by_score(overlap, EVERYONE), [UNMATCHED, 0])


def test_people_who_are_not_eligible_stay_free():
    overlap = np.array([[0.9, 0.6]])
    match = match_by_score(overlap, np.array([False, True]))
    np.testing.assert_array_equal(match, [UNMATCHED, 0])


def test_no_detections_and_no_people():
    match = match_by_score(np.zeros((0, 2)), EVERYONE)
    np.testing.assert_array_equal(match, [UNMATCHED] * 2)
    assert len(match_by_score(np.zeros((3, 0)), np.ones(0, dtype=bool))) == 0
