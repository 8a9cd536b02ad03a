"""What `strict` and `reference` count differently, and what they count alike."""

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.ap_scene import LARGE, ap, detections, people
from uncertain_densepose.evaluation.detections.protocols import (
    PROTOCOLS,
    count_reference,
    count_strict,
)

A, B = [0, 0, LARGE, LARGE], [300, 0, LARGE, LARGE]


@pytest.mark.parametrize("others", [[], [0]])
def test_detections_in_images_where_nobody_is_labelled(others):
    # A person, found with a score of 0.5; and an image where nobody is annotated, or where the one
    # person has no labels and stands elsewhere, with a detection of a higher score.
    image = people([A], points=[3])
    empty = people([B] * len(others), points=others)
    found = [
        detections(image, [A], [0.5], [[1]]),
        detections(empty, [A], [0.9], np.zeros((1, len(others)))),
    ]
    # Wrong, then right: a precision of one half at every recall.
    assert ap([image, empty], found, count_strict)["AP"] == pytest.approx(50)
    assert ap([image, empty], found, count_reference)["AP"] == pytest.approx(100)


def test_an_ignored_person_who_is_seen_last_ignores_the_match_at_all_thresholds():
    # The detection is similar to A by 0.82, so it finds A at 0.50 .. 0.80, seven of ten thresholds.
    # Its box is that of an unlabelled person; that of A overlaps by 0.9.
    box = [0, 0, 90, LARGE]
    image = people([A, box], points=[3, 0])
    found = detections(image, [box], [0.9], [[0.82, 0]])
    assert ap([image], [found], count_strict)["AP"] == pytest.approx(70)
    assert ap([image], [found], count_strict)["AR"] == pytest.approx(70)
    # Nobody at 0.95, it goes to the unlabelled person there and is ignored at 0.50 .. 0.80 too.
    assert ap([image], [found], count_reference)["AP"] == 0
    assert ap([image], [found], count_reference)["AR"] == 0
    # Similar enough for the highest threshold, it is A in both.
    found = detections(image, [box], [0.9], [[0.96, 0]])
    for count in PROTOCOLS.values():
        assert ap([image], [found], count)["AP"] == pytest.approx(100)


def test_a_person_of_the_size_who_is_seen_last_makes_the_match_count_at_all_thresholds():
    # Large people alone: the detection finds C, who is of medium size and so ignored, at 0.50 to
    # 0.80, which is no error. But its box is that of A, and `reference` ignores it nowhere then: it
    # counts as right where it has found C and as wrong where it has found nobody.
    image = people([A, [400, 0, 50, 50]], points=[3, 3])
    found = detections(image, [A], [0.9], [[0, 0.82]])
    strict, reference = (ap([image], [found], count) for count in (count_strict, count_reference))
    assert strict["ARl"] == 0
    assert reference["ARl"] == pytest.approx(70)


def test_a_loose_box_on_an_unlabelled_person_is_an_error_in_reference_alone():
    # Overlap 0.7: more than one half, less than 0.8.
    image = people([A, B], points=[3, 0])
    found = detections(image, [A, [300, 0, 70, LARGE]], [0.5, 0.9], [[1, 0], [0, 0]])
    assert ap([image], [found], count_strict)["AP"] == pytest.approx(100)
    assert ap([image], [found], count_reference)["AP"] == pytest.approx(50)


def test_an_unlabelled_person_is_taken_by_one_detection_and_a_crowd_by_any_number():
    for crowd, expected in ((False, 50), (True, 100)):
        image = people([A, B], points=[3, 0], crowd=[False, crowd])
        found = detections(image, [A, B, B], [0.5, 0.9, 0.8], [[1, 0], [0, 0], [0, 0]])
        for count in PROTOCOLS.values():
            assert ap([image], [found], count)["AP"] == pytest.approx(expected)
