"""Which detection answers for whom, and what it answers."""

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.keypoints.keypoint_scene import (
    detection,
    keypoint_file,
    with_keypoints,
)
from tests.uncertain_densepose.evaluation.scene import unlabelled
from uncertain_densepose.evaluation.keypoints.answers import boxes_xywh, image_answers
from uncertain_densepose.evaluation.keypoints.keypoint_file import read_keypoint_set
from uncertain_densepose.evaluation.points.matching import UNMATCHED

FIRST, SECOND = [10, 20, 40, 60], [90, 30, 30, 50]
NO_RINGS = tuple(np.zeros(0, np.int64) for _ in range(17))


@pytest.fixture
def answer(tmp_path, flat_distance):
    """What detections answer in an image with people."""

    def call(people, found):
        (image,) = read_keypoint_set(keypoint_file(tmp_path, people, 1)).images
        return image_answers(image, found, flat_distance, NO_RINGS)

    return call


def test_what_is_read_at_a_keypoint(answer):
    one = detection(FIRST, part=9, sigma_cm=4.0, probability=0.7, score=0.6)
    # The nose, at column 30 and row 26 of the image.
    one.part[26 - 20, 30 - 10] = 23
    one.sigma_cm[26 - 20, 30 - 10] = 1.5
    found = answer([with_keypoints(7, 1, FIRST)], [one]).keypoints
    assert found.part.tolist() == [23, 9, 9, 9, 9, 9, 9]
    assert found.sigma_cm.tolist() == [1.5, 4, 4, 4, 4, 4, 4]
    assert found.annotation_id.tolist() == [7] * 7 and found.matched.all()
    assert found.facing.tolist() == [1] * 7 and (found.score == 0.6).all()
    np.testing.assert_allclose(found.part_probability, 0.7, rtol=1e-6)


def test_background_and_points_outside_the_window_are_no_answers(answer):
    # Half of the height: the hips, knee and ankle lie below.
    half = detection([10, 20, 40, 32])
    half.part[26 - 20] = 0
    found = answer([with_keypoints(1, 1, FIRST)], [half]).keypoints
    assert found.matched.all() and found.part.tolist() == [0, 2, 2, 0, 0, 0, 0]
    assert (found.vertex < 0).tolist() == (found.part == 0).tolist()


def test_a_model_without_uncertainty(answer):
    found = answer([with_keypoints(1, 1, FIRST)], [detection(FIRST, sigma_cm=None)]).keypoints
    assert np.isnan(found.sigma_cm).all() and np.isfinite(found.part_probability).all()


def test_nobody_found(answer):
    result = answer([with_keypoints(1, 1, FIRST)], [])
    found = result.keypoints
    assert not found.matched.any() and not found.part.any() and np.isnan(found.score).all()
    assert len(found) == 7 and result.num_false == 0 and len(result.mask_iou) == 0


def test_who_is_false(answer):
    crowd = unlabelled(3, 1, [0, 90, 100, 30], iscrowd=1)
    people = [with_keypoints(1, 1, FIRST), unlabelled(2, 1, SECOND), crowd]
    found = [
        detection(FIRST, 0.9),
        detection(FIRST, 0.8),  # a second one of the same person
        detection(SECOND, 0.7),  # of a person without keypoints
        detection([20, 95, 20, 20], 0.6),  # in the crowd
        detection([130, 0, 20, 20], 0.5),  # of nobody
    ]
    result = answer(people, found)
    assert result.match.tolist() == [0, 2, UNMATCHED] and result.num_false == 2
    assert result.measured.tolist() == [True, True, False]
    assert result.with_keypoints.tolist() == [True, False, False]


def test_masks_of_those_found(answer):
    half = detection(FIRST)
    half.part[:, :20] = 0
    result = answer([with_keypoints(1, 1, FIRST), unlabelled(2, 1, SECOND)], [half])
    np.testing.assert_allclose(result.mask_iou, [0.5])


def slow_match(found, people, min_iou=0.5):
    """COCO's matching, written out."""
    taken = {}
    for d, (x, y, w, h) in enumerate(found):
        best, overlap = None, min_iou
        for g, (gx, gy, gw, gh) in enumerate(people):
            if g in taken:
                continue
            across = max(min(x + w, gx + gw) - max(x, gx), 0)
            down = max(min(y + h, gy + gh) - max(y, gy), 0)
            iou = across * down / (w * h + gw * gh - across * down)
            if iou >= overlap and (best is None or iou > overlap):
                best, overlap = g, iou
        if best is not None:
            taken[best] = d
    return [taken.get(g, UNMATCHED) for g in range(len(people))]


@pytest.mark.parametrize("seed", range(20))
def test_matching_against_a_plain_twin(seed, answer):
    rng = np.random.default_rng(seed)
    boxes = np.stack([*rng.integers(0, 60, (2, 6)), *rng.integers(20, 50, (2, 6))], axis=1)
    moved = boxes[rng.integers(0, 6, 9)] + rng.integers(-8, 9, (9, 4))
    people = [with_keypoints(key, 1, box.tolist()) for key, box in enumerate(boxes)]
    found = [detection(np.maximum(box, [0, 0, 1, 1]), 0.9) for box in moved]
    expected = slow_match(boxes_xywh(found).tolist(), boxes.tolist())
    assert answer(people, found).match.tolist() == expected
