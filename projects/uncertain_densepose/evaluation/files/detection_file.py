"""Every detection with its scores as a file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

import numpy as np
from detectron2.utils.file_io import PathManager

from ..detections.detection_scores import DetectionScores
from ..ground_truth.ground_truth import AnnotatedImage


def write_detections(
    output_dir: str | os.PathLike,
    images: Sequence[AnnotatedImage],
    found: Sequence[DetectionScores],
) -> None:
    """Write `densepose_detections.json`: where a detector goes wrong, detection by detection.

    A record has `image_id`, `category`, `score`, `bbox` (x, y, width, height in pixels), and for
    each labelled person of the image `annotation_id`, `gps` and `mask_iou`.

    Args:
        output_dir: made if absent.
        images: that were predicted.
        found: the detections of each.
    """
    records = []
    for image, scores in zip(images, found, strict=True):
        people = np.flatnonzero(~image.ignored)
        for row, box in enumerate(scores.boxes.tolist()):
            records.append(
                {
                    "image_id": image.image_id,
                    "category": int(scores.category[row]),
                    "score": float(scores.score[row]),
                    "bbox": box,
                    "annotation_id": image.annotation_id[people].tolist(),
                    "gps": scores.gps[row, people].tolist(),
                    "mask_iou": scores.mask_iou[row, people].tolist(),
                }
            )
    PathManager.mkdirs(os.fspath(output_dir))
    path = os.path.join(os.fspath(output_dir), "densepose_detections.json")
    with PathManager.open(path, "w") as file:
        json.dump(records, file)
