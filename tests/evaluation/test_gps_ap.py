import numpy as np
import pytest
from evaluation import ap_twin

from uncertain_densepose.evaluation.gps_ap import (
    METRICS,
    Detections,
    average_precision,
    fill_ignored,
)
from uncertain_densepose.evaluation.ground_truth import AnnotatedImage

LARGE = 100.0


def people(boxes, points, crowd=None, image_id=1) -> AnnotatedImage:
    """An image with people in XYWH boxes, of whom each has some number of points."""
    boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    count, total = len(boxes), int(np.sum(points))
    return AnnotatedImage(
        image_id=image_id,
        height=1000,
        width=1000,
        annotation_id=np.arange(count),
        category=np.zeros(count, dtype=np.int64),
        boxes=boxes,
        area=boxes[:, 2] * boxes[:, 3],
        iscrowd=np.zeros(count, dtype=bool) if crowd is None else np.array(crowd, dtype=bool),
        segmentation=(None,) * count,
        person=np.repeat(np.arange(count), np.array(points, dtype=np.int64)),
        xy=np.zeros((total, 2)),
        part=np.ones(total, dtype=np.int64),
        uv=np.zeros((total, 2)),
        uv_true=np.full((total, 2), np.nan),
    )


def detections(image, boxes, scores, similarity) -> Detections:
    boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    similarity = np.array(similarity, dtype=np.float64).reshape(len(boxes), image.num_people)
    return Detections(
        category=np.zeros(len(boxes), dtype=np.int64),
        score=np.array(scores, dtype=np.float64),
        boxes=boxes,
        similarity=fill_ignored(image, boxes, similarity),
    )


def test_three_people_and_five_detections_worked_out_on_paper():
    # People A, B (large) and C (medium). In the order of the scores: A at 0.92, nobody, B at 0.77,
    # A again at 0.60, C at 0.52.
    # Threshold 0.50: hit, miss, hit, miss, hit. Recall 1/3 at precision 1, 2/3 at 2/3, 1 at 3/5:
    #   34 recalls 0 .. 0.33 at 1, 33 recalls to 0.66 at 2/3, 34 to 1 at 3/5 -> 76.4 / 101.
    # 0.55 .. 0.75 (5 thresholds): without C, (34 + 33 · 2/3) / 101 = 56 / 101, recall 2/3.
    # 0.80 .. 0.90 (3 thresholds): A alone, 34 / 101, recall 1/3. 0.95: nothing.
    image = people(
        [[0, 0, LARGE, LARGE], [200, 0, LARGE, LARGE], [400, 0, 50, 50]], points=[3, 3, 3]
    )
    found = detections(
        image,
        [
            [0, 0, LARGE, LARGE],
            [600, 600, LARGE, LARGE],
            [200, 0, LARGE, LARGE],
            [0, 0, 120, LARGE],
            [400, 0, 50, 50],
        ],
        [0.9, 0.8, 0.7, 0.6, 0.5],
        [[0.92, 0, 0], [0, 0, 0], [0, 0.77, 0], [0.60, 0, 0], [0, 0, 0.52]],
    )
    result = average_precision([image], [found])
    assert list(result) == list(METRICS)
    assert result["AP50"] == pytest.approx(100 * 76.4 / 101)
    assert result["AP75"] == pytest.approx(100 * 56 / 101)
    assert result["AP"] == pytest.approx(10 * (76.4 + 5 * 56 + 3 * 34) / 101)
    assert result["AR50"] == pytest.approx(100)
    assert result["AR75"] == pytest.approx(200 / 3)
    assert result["AR"] == pytest.approx(10 * (1 + 5 * 2 / 3 + 3 / 3))
    # C is found at the lowest threshold only, and the detections of other sizes do not count.
    assert result["APm"] == pytest.approx(10)
    assert result["ARm"] == pytest.approx(10)


@pytest.mark.parametrize("seed", range(6))
def test_equals_plain_loops_on_random_input(seed):
    rng = np.random.default_rng(seed)
    images, found, plain = [], [], []
    for image_id in range(12):
        num_people, num_found = rng.integers(0, 5), rng.integers(0, 27)
        sizes = rng.uniform(20, 130, (num_people, 2))
        boxes = np.concatenate([rng.uniform(0, 400, (num_people, 2)), sizes], axis=1)
        image = people(
            boxes, rng.integers(0, 4, num_people), rng.random(num_people) < 0.2, image_id
        )
        near = rng.integers(0, num_people, num_found) if num_people else np.zeros(0, dtype=int)
        guess = boxes[near] * rng.uniform(0.8, 1.2, (len(near), 4))
        scores = rng.random(len(guess)).round(2)
        # Some similarities lie on a threshold exactly, and some are perfect.
        similarity = rng.uniform(0, 1, (len(guess), num_people)).round(2)
        similarity[rng.random(similarity.shape) < 0.2] = 1.0
        images.append(image)
        found.append(detections(image, guess, scores, similarity))
        plain.append(
            {
                "people": [
                    {
                        "area": image.area[g],
                        "ignored": bool(image.ignored[g]),
                        "crowd": bool(image.iscrowd[g]),
                    }
                    for g in range(num_people)
                ],
                "detections": [
                    {"score": s, "area": b[2] * b[3], "similarity": list(row)}
                    for s, b, row in zip(scores, guess, found[-1].similarity, strict=True)
                ],
            }
        )
    result = average_precision(images, found)
    expected = ap_twin.metrics(plain)
    assert result == pytest.approx({name: expected[name] for name in METRICS}, abs=1e-9)
    assert 0 < result["AP"] < 100


def test_a_detection_on_an_unlabelled_person_is_no_error():
    boxes = [[0, 0, LARGE, LARGE], [300, 0, LARGE, LARGE]]
    image = people(boxes, points=[3, 0])
    found = detections(image, boxes, [0.5, 0.9], [[1, 0], [0, 0]])
    assert average_precision([image], [found])["AP"] == pytest.approx(100)


def test_a_second_detection_on_an_unlabelled_person_is_an_error():
    boxes = [[0, 0, LARGE, LARGE], [300, 0, LARGE, LARGE]]
    image = people(boxes, points=[3, 0])
    found = detections(image, [*boxes, boxes[1]], [0.5, 0.9, 0.8], [[1, 0], [0, 0], [0, 0]])
    assert average_precision([image], [found])["AP"] == pytest.approx(50)


def test_any_number_of_detections_in_a_crowd_is_no_error():
    image = people([[0, 0, LARGE, LARGE], [300, 0, 400, 400]], points=[3, 3], crowd=[False, True])
    inside = [[300, 0, LARGE, LARGE], [350, 40, LARGE, LARGE], [500, 200, LARGE, LARGE]]
    found = detections(
        image, [*inside, [0, 0, LARGE, LARGE]], [0.9, 0.8, 0.7, 0.5], [[0, 0]] * 3 + [[1, 0]]
    )
    assert average_precision([image], [found])["AP"] == pytest.approx(100)


def test_only_the_twenty_highest_scores_count():
    image = people([[0, 0, LARGE, LARGE]], points=[3])
    elsewhere = [[600, 600, LARGE, LARGE]] * 20
    found = detections(
        image,
        [*elsewhere, [0, 0, LARGE, LARGE]],
        [*np.linspace(0.9, 0.5, 20), 0.4],
        [[0]] * 20 + [[1]],
    )
    assert average_precision([image], [found])["AR"] == 0


@pytest.mark.filterwarnings("error")
def test_nothing_to_find_is_not_a_number_and_nothing_found_is_zero():
    nobody, somebody = people([], points=[]), people([[0, 0, LARGE, LARGE]], points=[3])
    assert all(np.isnan(v) for v in average_precision([], []).values())
    nothing = [detections(nobody, [], [], [])]
    assert all(np.isnan(v) for v in average_precision([nobody], nothing).values())
    result = average_precision([somebody], [detections(somebody, [], [], [])])
    assert result["AP"] == result["AR"] == result["APl"] == 0
    assert np.isnan(result["APm"])
