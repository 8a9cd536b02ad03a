"""What evaluation keeps of the detections of an image: their GPS and mask IoU with its people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...structures.image_detections import ImageDetections
from ...structures.mask_iou import EMPTY_MASK, mask_iou
from ..ground_truth import AnnotatedImage
from ..points.matching import box_overlap
from ..points.point_answers import PointAnswers
from .gps import geodesic_point_similarity, masked_similarity


@dataclass(frozen=True)
class DetectionScores:
    """D detections of an image with G people.

    Attributes:
        category: (D,) int64, contiguous.
        score: (D,) float64, falling.
        boxes: (D, 4) float64, XYWH pixels.
        gps: (D, G) float64, 0 for people without points.
        mask_iou: (D, G) float64, over the detection's own area for a crowd.
    """

    category: np.ndarray
    score: np.ndarray
    boxes: np.ndarray
    gps: np.ndarray
    mask_iou: np.ndarray

    @property
    def similarities(self) -> np.ndarray:
        """(3, D, G) float64: GPS, GPSm and mask IoU, the order of `gps_ap.MODES`."""
        return np.stack([self.gps, masked_similarity(self.gps, self.mask_iou), self.mask_iou])


def score_detections(
    image: AnnotatedImage,
    detections: ImageDetections,
    answers: PointAnswers,
    kappa_m: float | None = None,
) -> DetectionScores:
    """Compare every detection with every person of an image.

    Args:
        image: the annotations.
        detections: D detections in the image.
        answers: (D, P), of the detections at the annotated points.
        kappa_m: the length scale of GPS for the whole body, metres; by default one a part.
    """
    return DetectionScores(
        category=detections.category,
        score=detections.score,
        boxes=detections.boxes,
        gps=geodesic_point_similarity(
            answers.distance_m, image.part, image.person, image.num_people, kappa_m
        ),
        mask_iou=_mask_iou(image, detections),
    )


def _mask_iou(image: AnnotatedImage, detections: ImageDetections) -> np.ndarray:
    """(D, G) IoU of masks; 0 for people without a mask or whose box does not touch."""
    near = box_overlap(detections.boxes, image.boxes) > 0
    found, people = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    masks = [image.masks[person] for person in people]
    iou = np.zeros(near.shape)
    iou[np.ix_(found, people)] = mask_iou(
        [detections.mask(d, image.height, image.width) for d in found.tolist()],
        [EMPTY_MASK if mask is None else mask.decode() for mask in masks],
        image.iscrowd[people],
    )
    return iou
