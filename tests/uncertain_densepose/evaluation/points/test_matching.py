import numpy as np
import pytest

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


@pytest.mark.parametrize(
    ("overlap", "eligible", "match"),
    [
        # The highest score chooses first, and each detection stands for one person.
        ([[0.6, 0.7], [0.9, 0.95]], EVERYONE, [1, 0]),
        # A lower score does not take a person over.
        ([[0.6, 0.0], [0.9, 0.0]], EVERYONE, [0, UNMATCHED]),
        # Half is enough, less is no match.
        ([[0.49, 0.5]], EVERYONE, [UNMATCHED, 0]),
        # People who are not eligible stay free.
        ([[0.9, 0.6]], np.array([False, True]), [UNMATCHED, 0]),
    ],
)
def test_people_get_detections_in_the_order_of_the_scores(overlap, eligible, match):
    np.testing.assert_array_equal(match_by_score(np.array(overlap), eligible), match)


def test_no_detections_and_no_people():
    match = match_by_score(np.zeros((0, 2)), EVERYONE)
    np.testing.assert_array_equal(match, [UNMATCHED] * 2)
    assert len(match_by_score(np.zeros((3, 0)), np.ones(0, dtype=bool))) == 0
