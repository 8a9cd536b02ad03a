"""Images, people and detections of which nothing but boxes and similarities is known."""

import numpy as np

from uncertain_densepose.evaluation.detections.detection_scores import DetectionScores
from uncertain_densepose.evaluation.detections.gps_ap import average_precision
from uncertain_densepose.evaluation.detections.protocols import count_strict
from uncertain_densepose.evaluation.ground_truth.ground_truth import AnnotatedImage
from uncertain_densepose.evaluation.ground_truth.visibility import UNKNOWN
from uncertain_densepose.evaluation.points.matching import box_overlap

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
        masks=(None,) * count,
        person=np.repeat(np.arange(count), np.array(points, dtype=np.int64)),
        xy=np.zeros((total, 2)),
        part=np.ones(total, dtype=np.int64),
        uv=np.zeros((total, 2)),
        uv_true=np.full((total, 2), np.nan),
        part_true=np.zeros(total, dtype=np.int64),
        visibility=np.full(total, UNKNOWN, dtype=np.uint8),
    )


def detections(image, boxes, scores, similarity) -> DetectionScores:
    """With one similarity under all three measures."""
    boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    similarity = np.array(similarity, dtype=np.float64).reshape(len(boxes), image.num_people)
    return DetectionScores(
        category=np.zeros(len(boxes), dtype=np.int64),
        score=np.array(scores, dtype=np.float64),
        boxes=boxes,
        gps=similarity,
        mask_iou=similarity,
    )


def ap(images, found, count=count_strict) -> dict[str, float]:
    """AP and AR of `detections`, the same under each measure."""
    gps, gpsm, segm = average_precision(images, found, count)
    np.testing.assert_equal([gpsm, segm], [gps, gps])
    return gps


def random_images(seed):
    """Twelve images, what was found in them, and the same for `ap_twin`.

    Some people are unlabelled, some are crowds, some similarities lie on a threshold exactly, some
    are perfect, and some images have nobody or nobody labelled.
    """
    rng = np.random.default_rng(seed)
    images, found, plain = [], [], []
    for image_id in range(12):
        num_people, num_found = rng.integers(0, 5), rng.integers(0, 27)
        sizes = rng.uniform(20, 130, (num_people, 2))
        boxes = np.concatenate([rng.uniform(0, 400, (num_people, 2)), sizes], axis=1)
        image = people(
            boxes, rng.integers(0, 4, num_people), rng.random(num_people) < 0.2, image_id
        )
        near = rng.integers(0, max(num_people, 1), num_found)
        anywhere = np.concatenate([boxes, [[10, 10, 80, 80]]])
        guess = anywhere[near] * rng.uniform(0.93, 1.07, (num_found, 4))
        scores = rng.random(num_found).round(2)
        similarity = rng.uniform(0, 1, (num_found, num_people)).round(2)
        similarity[rng.random(similarity.shape) < 0.2] = 1.0
        images.append(image)
        found.append(detections(image, guess, scores, similarity))
        overlap = box_overlap(guess, boxes, image.iscrowd)
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
                    {
                        "score": scores[d],
                        "area": guess[d, 2] * guess[d, 3],
                        "similarity": similarity[d].tolist(),
                        "overlap": overlap[d].tolist(),
                    }
                    for d in range(num_found)
                ],
            }
        )
    return images, found, plain
