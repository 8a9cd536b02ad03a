"""Box AP of people, by pycocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from ..ground_truth import GroundTruth
from ..person_boxes import coco_boxes

_METRICS = ("box_AP", "box_AP50", "box_AP75")


def box_average_precision(
    truth: GroundTruth, boxes: Mapping[int, np.ndarray], scores: Mapping[int, np.ndarray]
) -> dict[str, float]:
    """COCO's box AP, AP50 and AP75 of people, percent.

    Args:
        truth: the people of the images that were predicted.
        boxes: by image id, (D, 4) float64 x, y, width, height in pixels.
        scores: by image id, (D,); all of a low threshold, or AP is too low.

    Returns:
        By the names `box_AP`, `box_AP50`, `box_AP75`; NaN if nobody has to be found.
    """
    (category,) = truth.categories
    found = [
        {"image_id": key, "category_id": category, "bbox": box, "score": score}
        for key in boxes
        for box, score in zip(boxes[key].tolist(), scores[key].tolist(), strict=True)
    ]
    people = coco_boxes(truth)
    # It prints what it does, and takes no empty list of results.
    with contextlib.redirect_stdout(io.StringIO()):
        annotated = _indexed(people)
        results = annotated.loadRes(found) if found else _indexed(people | {"annotations": []})
        evaluation = COCOeval(annotated, results, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    values = np.where(evaluation.stats[:3] < 0, np.nan, 100 * evaluation.stats[:3])
    return dict(zip(_METRICS, values.tolist(), strict=True))


def _indexed(content: dict) -> COCO:
    coco = COCO()
    coco.dataset = content
    coco.createIndex()
    return coco
