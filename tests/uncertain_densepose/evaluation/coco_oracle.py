"""COCO's own evaluation of keypoints with the similarities replaced: the oracle of `strict`."""

import contextlib
import io

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from uncertain_densepose.evaluation.detections.gps_ap import MAX_DETECTIONS, METRICS
from uncertain_densepose.evaluation.points.matching import box_overlap


def coco_keypoint_metrics(images, found) -> dict[str, float]:
    """`METRICS` in percent under the first of the detections' similarities."""
    people, detections = [], []
    for key, (image, of_image) in enumerate(zip(images, found, strict=True)):
        on_person = box_overlap(of_image.boxes, image.boxes, image.iscrowd) >= 0.5
        similarity = np.where(image.ignored, on_person, of_image.similarities[0])
        for column, num_points in enumerate(image.num_points):
            people.append(
                {
                    "id": len(people) + 1,
                    "image_id": key,
                    "category_id": int(image.category[column]),
                    "area": float(image.area[column]),
                    "iscrowd": int(image.iscrowd[column]),
                    "num_keypoints": int(num_points),
                    "column": column,
                }
            )
        for row, box in enumerate(of_image.boxes):
            detections.append(
                {
                    "id": len(detections) + 1,
                    "image_id": key,
                    "category_id": int(of_image.category[row]),
                    "score": float(of_image.score[row]),
                    "area": float(box[2] * box[3]),
                    "similarity": similarity[row],
                }
            )
    categories = {record["category_id"] for record in people + detections}
    evaluation = _SimilarityEval(
        *(_coco(len(images), categories, records) for records in (people, detections))
    )
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {
        name: 100 * float(value) if value >= 0 else float("nan")
        for name, value in zip(METRICS, evaluation.stats, strict=True)
    }


class _SimilarityEval(COCOeval):
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
