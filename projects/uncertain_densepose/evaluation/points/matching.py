"""Which detection stands for which person."""

from __future__ import annotations

import numpy as np
from pycocotools import mask as mask_api

UNMATCHED = -1
"""Stands for the detection of a person without one."""


def box_overlap(
    boxes: np.ndarray, people_boxes: np.ndarray, iscrowd: np.ndarray | None = None
) -> np.ndarray:
    """Overlap of D detections with G people as COCO defines it.

    Args:
        boxes: (D, 4) float64 XYWH pixels. people_boxes: (G, 4) likewise.
        iscrowd: (G,) bool; by default nobody is a crowd.

    Returns:
        (D, G) float64: intersection over union; for a crowd, over the detection's own area.
    """
    if len(boxes) == 0 or len(people_boxes) == 0:
        return np.zeros((len(boxes), len(people_boxes)))
    crowd = np.zeros(len(people_boxes)) if iscrowd is None else iscrowd
    return mask_api.iou(boxes, people_boxes, [int(flag) for flag in crowd])


def match_by_score(
    overlap: np.ndarray, eligible: np.ndarray, min_overlap: float = 0.5
) -> np.ndarray:
    """The detection of each person, assigned greedily in the order of the scores.

    Each detection takes the free person with whom it overlaps most, if by `min_overlap` at least.
    So a person is judged by the most confident answer, which a user would take, not by the best.

    Args:
        overlap: (D, G) in [0, 1], the detection of the highest score first.
        eligible: (D, G) or (G,) bool, False for pairs that must not be matched.
        min_overlap: the least overlap of a match, above 0.

    Returns:
        (G,) int64 in 0..D-1, or `UNMATCHED`.
    """
    num_people = overlap.shape[1]
    match = np.full(num_people, UNMATCHED, dtype=np.int64)
    if num_people == 0:
        return match
    for detection, row in enumerate(np.where(eligible, overlap, 0.0)):
        row = np.where(match == UNMATCHED, row, 0.0)
        person = row.argmax()
        if row[person] >= min_overlap:
            match[person] = detection
    return match
