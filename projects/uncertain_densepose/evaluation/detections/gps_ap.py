"""Average precision and recall of detections under GPS, GPSm and mask IoU.

As in COCO's evaluation of keypoints there are ten thresholds, 0.50:0.05:0.95, the 20 highest scores
of an image count, precision is averaged over 101 recalls, and medium and large people are also
measured separately. `protocols` defines which detections are right and which are wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ground_truth import AnnotatedImage
from ..points.matching import box_overlap
from .detection_scores import DetectionScores
from .protocols import THRESHOLDS, Matches, Pairs, count_strict

MAX_DETECTIONS = 20
"""Only so many detections of an image count, those with the highest scores."""

MODES = ("densepose_gps", "densepose_gpsm", "densepose_segm")
"""What detections are compared by: GPS, GPSm = sqrt(GPS · mask IoU), mask IoU."""

METRICS = ("AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl")

_SIZES = np.array([[0, 1e5**2], [32**2, 96**2], [96**2, 1e5**2]])
"""Smallest and largest area of all, medium and large people, pixels²."""

_RECALLS = np.linspace(0, 1, 101)


def average_precision(
    images: Sequence[AnnotatedImage],
    scores: Sequence[DetectionScores],
    count: Callable[[Pairs], Matches] = count_strict,
) -> list[dict[str, float]]:
    """AP and AR in percent under the names `METRICS`, averaged over categories.

    Args:
        images: the annotated images that were predicted.
        scores: of the detections in each.
        count: one of `protocols.PROTOCOLS`.

    Returns:
        A dict for each of `MODES`. NaN where a category and size has no person to be found, 0 where
        none of them was.
    """
    categories = {
        int(key)
        for image, found in zip(images, scores, strict=True)
        for key in (*image.category, *found.category)
    }
    curves = [
        _precision_recall(
            [_outcome(*of_image, category, count) for of_image in zip(images, scores, strict=True)]
        )
        for category in sorted(categories)
    ]
    if not curves:
        return [dict.fromkeys(METRICS, float("nan")) for _ in MODES]
    precision = np.stack([precision for precision, _ in curves], axis=-1)
    recall = np.stack([recall for _, recall in curves], axis=-1)
    return [
        dict(zip(METRICS, (*_means(p), *_means(r)), strict=True))
        for p, r in zip(precision, recall, strict=True)
    ]


@dataclass(frozen=True)
class _Outcome:
    """The verdict on each of D detections of an image, and how many people were to be found.

    Attributes:
        score: (D,).
        right, wrong: (M, A, T, D) bool.
        num_people: (A,) int64.
    """

    score: np.ndarray
    right: np.ndarray
    wrong: np.ndarray
    num_people: np.ndarray


def _outcome(
    image: AnnotatedImage,
    detections: DetectionScores,
    category: int,
    count: Callable[[Pairs], Matches],
) -> _Outcome:
    people = np.flatnonzero(image.category == category)
    of_category = np.flatnonzero(detections.category == category)
    order = np.argsort(-detections.score[of_category], kind="stable")[:MAX_DETECTIONS]
    found = of_category[order]
    boxes = detections.boxes[found]
    crowd, unlabelled = image.iscrowd[people], image.ignored[people]
    low, high = _SIZES.T[:, :, None]
    ignored = unlabelled | (image.area[people] < low) | (image.area[people] > high)
    matches = count(
        Pairs(
            similarity=detections.similarities[:, found[:, None], people],
            overlap=box_overlap(boxes, image.boxes[people], crowd),
            unlabelled=unlabelled,
            crowd=crowd,
            ignored=ignored,
        )
    )
    # A detection of another size than the one measured does not count, unless it found somebody.
    area = boxes[:, 2] * boxes[:, 3]
    other_size = ((area < low) | (area > high))[:, None]
    counted = ~matches.ignored & (matches.matched | ~other_size)
    return _Outcome(
        score=detections.score[found],
        right=counted & matches.matched,
        wrong=counted & ~matches.matched,
        num_people=(~ignored).sum(axis=1),
    )


def _precision_recall(outcomes: list[_Outcome]) -> tuple[np.ndarray, np.ndarray]:
    """Precision (M, A, T, 101) at each recall and highest recall (M, A, T); NaN without people."""
    score = np.concatenate([outcome.score for outcome in outcomes])
    order = np.argsort(-score, kind="stable")
    right, wrong = (
        np.concatenate([getattr(outcome, name) for outcome in outcomes], axis=-1)[..., order]
        for name in ("right", "wrong")
    )
    num_people = np.sum([outcome.num_people for outcome in outcomes], axis=0)
    shape = right.shape[:-1]
    precision = np.full((*shape, len(_RECALLS)), np.nan)
    recall = np.full(shape, np.nan)
    for at in np.ndindex(shape):
        people = int(num_people[at[1]])
        if people:
            precision[at], recall[at] = _curve(right[at], wrong[at], people)
    return precision, recall


def _curve(right: np.ndarray, wrong: np.ndarray, num_people: int) -> tuple[np.ndarray, float]:
    """The highest precision at or beyond each recall, 0 where it is not reached; and the highest
    recall; of detections (N,), the highest score first."""
    if len(right) == 0:
        return np.zeros(len(_RECALLS)), 0.0
    num_right, num_wrong = np.cumsum(right), np.cumsum(wrong)
    recall = num_right / num_people
    precision = num_right / (num_right + num_wrong + np.spacing(1))
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, _RECALLS, side="left")
    return np.append(envelope, 0.0)[at], recall[-1]


def _means(values: np.ndarray) -> list[float]:
    """Percent of values (A, T, ..., K): all thresholds, 0.5, 0.75, medium and large."""
    everyone, medium, large = values
    at = [np.flatnonzero(np.isclose(THRESHOLDS, threshold)) for threshold in (0.5, 0.75)]
    chosen = (everyone, everyone[at[0]], everyone[at[1]], medium, large)
    return [100 * float(np.nanmean(v)) if np.isfinite(v).any() else float("nan") for v in chosen]
