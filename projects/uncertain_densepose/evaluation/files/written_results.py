"""What an evaluation writes: metrics, as a file and as text, and the scores of detections."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence

import numpy as np
from detectron2.utils.file_io import PathManager
from detectron2.utils.logger import create_small_table
from tabulate import tabulate

from ..detections.detection_scores import DetectionScores
from ..ground_truth import AnnotatedImage

_MAX_COLUMNS = 10


def write_metrics(path: str | os.PathLike, results: Mapping[str, Mapping]) -> None:
    """Write results as strict JSON.

    Args:
        path: the file, replaced if it exists.
        results: {task: {metric: value}}; NaN and infinities become null.
    """
    tasks = {
        task: {name: None if _is_not_finite(value) else value for name, value in metrics.items()}
        for task, metrics in results.items()
    }
    with PathManager.open(os.fspath(path), "w") as file:
        json.dump(tasks, file, indent=2, allow_nan=False)
        file.write("\n")


def _is_not_finite(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def metrics_table(metrics: Mapping[str, float]) -> str:
    """The metrics of a task as tables of at most ten columns.

    Args:
        metrics: by name. Those named `metric-group`, as Detectron2 names metrics of categories, are
            in a last table with a row for each group.
    """
    short = [(name, value) for name, value in metrics.items() if "-" not in name]
    groups: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        if "-" in name:
            metric, group = name.split("-", 1)
            groups.setdefault(group, {})[metric] = value
    tables = [
        create_small_table(dict(short[start : start + _MAX_COLUMNS]))
        for start in range(0, len(short), _MAX_COLUMNS)
    ]
    if groups:
        rows = [{"": group, **values} for group, values in groups.items()]
        tables.append(tabulate(rows, headers="keys", tablefmt="pipe", floatfmt=".3f"))
    return "\n\n".join(tables)


def write_detections(
    output_dir: str | os.PathLike,
    images: Sequence[AnnotatedImage],
    found: Sequence[DetectionScores],
) -> None:
    """Write `densepose_detections.json`, which shows where a detector goes wrong.

    The record of a detection has `image_id`, `category`, `score`, `bbox` (x, y, width, height in
    pixels), and lists `annotation_id`, `gps` and `mask_iou` over the labelled people of the image.

    Args:
        output_dir: created if it does not exist.
        images: the images that were predicted.
        found: the detections in each.
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
