import dataclasses

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation import ap_twin
from tests.uncertain_densepose.evaluation.ap_scene import (
    LARGE,
    ap,
    detections,
    people,
    random_images,
)
from tests.uncertain_densepose.evaluation.coco_oracle import coco_keypoint_metrics
from uncertain_densepose.evaluation.detections.gps_ap import METRICS, average_precision
from uncertain_densepose.evaluation.detections.protocols import count_reference, count_strict


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("count", "verdicts"), [(count_strict, ap_twin.strict), (count_reference, ap_twin.reference)]
)
def test_equals_plain_loops_on_random_input(seed, count, verdicts):
    images, found, plain = random_images(seed)
    result = ap(images, found, count)
    expected = ap_twin.metrics(plain, verdicts)
    assert result == pytest.approx(
        {name: expected[name] for name in METRICS}, abs=1e-9, nan_ok=True
    )
    assert 0 < result["AP"] < 100


@pytest.mark.parametrize("seed", range(3))
def test_strict_equals_cocos_own_evaluation_of_keypoints(seed):
    images, found, _ = random_images(seed)
    expected = coco_keypoint_metrics(images, found)
    assert ap(images, found) == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_measures_are_counted_apart():
    images, found, _ = random_images(0)
    rng = np.random.default_rng(7)
    drawn = [rng.random((2, *f.gps.shape)) for f in found]
    several, *alone = (
        [
            dataclasses.replace(f, gps=gps, mask_iou=iou)
            for f, (gps, iou) in zip(found, pairs, strict=True)
        ]
        for pairs in (
            drawn,
            [(gps, gps) for gps, _ in drawn],
            [(np.sqrt(gps * iou),) * 2 for gps, iou in drawn],
            [(iou, iou) for _, iou in drawn],
        )
    )
    assert average_precision(images, several) == [ap(images, one) for one in alone]


def test_categories_are_counted_apart_and_averaged():
    image = people([[0, 0, LARGE, LARGE]] * 2, points=[3, 3])
    image = dataclasses.replace(image, category=np.array([0, 1]))
    found = detections(image, [[0, 0, LARGE, LARGE]] * 2, [0.9, 0.8], [[1.0, 1.0], [1.0, 1.0]])
    # Both are of category 0: the second one is wrong, and category 1 is not found.
    assert ap([image], [found])["AP"] == pytest.approx(50)
    assert ap([image], [dataclasses.replace(found, category=np.array([1, 0]))])[
        "AP"
    ] == pytest.approx(100)


def test_any_number_of_detections_in_a_crowd_is_no_error():
    image = people([[0, 0, LARGE, LARGE], [300, 0, 400, 400]], points=[3, 3], crowd=[False, True])
    inside = [[300, 0, LARGE, LARGE], [350, 40, LARGE, LARGE], [500, 200, LARGE, LARGE]]
    found = detections(
        image, [*inside, [0, 0, LARGE, LARGE]], [0.9, 0.8, 0.7, 0.5], [[0, 0]] * 3 + [[1, 0]]
    )
    assert ap([image], [found])["AP"] == pytest.approx(100)


def test_only_the_twenty_highest_scores_count():
    image = people([[0, 0, LARGE, LARGE]], points=[3])
    elsewhere = [[600, 600, LARGE, LARGE]] * 20
    found = detections(
        image,
        [*elsewhere, [0, 0, LARGE, LARGE]],
        [*np.linspace(0.9, 0.5, 20), 0.4],
        [[0]] * 20 + [[1]],
    )
    assert ap([image], [found])["AR"] == 0


@pytest.mark.filterwarnings("error")
def test_nothing_to_find_is_not_a_number_and_nothing_found_is_zero():
    nobody, somebody = people([], points=[]), people([[0, 0, LARGE, LARGE]], points=[3])
    assert all(np.isnan(v) for v in ap([], []).values())
    nothing = [detections(nobody, [], [], [])]
    assert all(np.isnan(v) for v in ap([nobody], nothing).values())
    result = ap([somebody], [detections(somebody, [], [], [])])
    assert result["AP"] == result["AR"] == result["APl"] == 0
    assert np.isnan(result["APm"])
