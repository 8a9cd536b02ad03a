"""Average precision and recall of detections under a similarity of surfaces (GPS or GPSm).

Detections are counted as COCO counts keypoints, by COCO's own code with the matrix of object
keypoint similarities replaced: thresholds 0.50:0.05:0.95, the 20 highest scores of an image, all,
medium and large people. A person whom the annotator did not label, and a crowd, are ignored: they
need not be found, and a detection on one is no error. A detection lies on such a person where
their boxes overlap by at least half, and does so at all thresholds, since without labels its
surface cannot be judged.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from .ground_truth import AnnotatedImage
from .matching import box_overlap

MAX_DETECTIONS = 20
"""Detections of an image that count, those of the highest score."""

METRICS = ("AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl")
"""In the order of `COCOeval.stats` for keypoints."""


@dataclass(frozen=True)
class Detections:
    """D detections in an image and how similar they are to each of its G people.

    Attributes:
        category: (D,) int64, contiguous.
        score: (D,) float64.
        boxes: (D, 4) float64, XYWH pixels.
        similarity: (D, G) float64 in [0, 1].
    """

    category: np.ndarray
    score: np.ndarray
    boxes: np.ndarray
    similarity: np.ndarray


def fill_ignored(
    image: AnnotatedImage, boxes: np.ndarray, similarity: np.ndarray, min_overlap: float = 0.5
) -> np.ndarray:
    """The similarity with ignored people set to 1 where a detection lies on one, to 0 elsewhere.

    Args:
        image: its G people.
        boxes: (D, 4) XYWH pixels.
        similarity: (D, G).
        min_overlap: least overlap of a detection with the person on whom it lies: intersection
            over union, over the detection's own area for a crowd.
    """
    on_person = box_overlap(boxes, image.boxes, image.iscrowd) >= min_overlap
    return np.where(image.ignored, on_person, similarity)


def average_precision(
    images: Sequence[AnnotatedImage], detections: Sequence[Detections]
) -> dict[str, float]:
    """AP and AR in percent under the names `METRICS`, averaged over categories.

    Args:
        images: the annotated images that were predicted.
        detections: one entry an image, with the similarities of `fill_ignored`.

    Returns:
        NaN where a category and size has no person to be found, 0 where none of them was.
    """
    evaluation = _SimilarityEval(*_coco_records(images, detections))
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    # COCO's sign of "nothing to measure" is -1.
    return {
        name: 100 * float(value) if value >= 0 else float("nan")
        for name, value in zip(METRICS, evaluation.stats, strict=True)
    }


class _SimilarityEval(COCOeval):
    """`COCOeval` for keypoints, with similarities that are known beforehand.

    A person's record carries its `column`, a detection's record its row of `similarity`.
    """

    def __init__(self, people: COCO, detections: COCO):
        super().__init__(people, detections, iouType="keypoints")
        self.params.maxDets = [MAX_DETECTIONS]

    def computeOks(self, imgId, catId):
        people = self._gts[imgId, catId]
        detections = sorted(self._dts[imgId, catId], key=lambda d: -d["score"])
        if not people or not detections:
            return []
        columns = [person["column"] for person in people]
        return np.stack([d["similarity"][columns] for d in detections[:MAX_DETECTIONS]])


def _coco_records(
    images: Sequence[AnnotatedImage], detections: Sequence[Detections]
) -> tuple[COCO, COCO]:
    """People and detections as COCO objects. Ids are numbered anew: COCOeval takes 0 for "none"."""
    people_records, detection_records = [], []
    for key, (image, found) in enumerate(zip(images, detections, strict=True)):
        for column, num_points in enumerate(image.num_points):
            people_records.append(
                {
                    "id": len(people_records) + 1,
                    "image_id": key,
                    "category_id": int(image.category[column]),
                    "area": float(image.area[column]),
                    "iscrowd": int(image.iscrowd[column]),
                    # What COCOeval asks to tell whether a person is labelled.
                    "num_keypoints": int(num_points),
                    "column": column,
                }
            )
        for row, box in enumerate(found.boxes):
            detection_records.append(
                {
                    "id": len(detection_records) + 1,
                    "image_id": key,
                    "category_id": int(found.category[row]),
                    "score": float(found.score[row]),
                    "area": float(box[2] * box[3]),
                    "similarity": found.similarity[row],
                }
            )
    categories = {r["category_id"] for r in people_records + detection_records}
    return (
        _coco(len(images), categories, people_records),
        _coco(len(images), categories, detection_records),
    )


def _coco(num_images: int, categories: set[int], records: list[dict]) -> COCO:
    coco = COCO()
    coco.dataset = {
        "images": [{"id": key} for key in range(num_images)],
        "categories": [{"id": category} for category in sorted(categories)],
        "annotations": records,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco
