"""What evaluation keeps of the detections of an image: their GPS and mask IoU with its people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from detectron2.structures import Instances

from .gps import geodesic_point_similarity, masked_similarity
from .gps_ap import Detections, fill_ignored
from .ground_truth import AnnotatedImage
from .mask_iou import foreground_mask, mask_iou
from .matching import box_overlap
from .point_reading import read_points
from .surface_distance import NOWHERE, SurfaceDistance


@dataclass(frozen=True)
class DetectionScores:
    """D detections of an image with G people.

    Attributes:
        image_id: of the annotation file.
        category: (D,) int64, contiguous.
        score: (D,) float64, falling.
        boxes: (D, 4) float64, XYWH pixels.
        gps: (D, G) float64, 0 for people without points.
        mask_iou: (D, G) float64, 0 for people without points.
    """

    image_id: int
    category: np.ndarray
    score: np.ndarray
    boxes: np.ndarray
    gps: np.ndarray
    mask_iou: np.ndarray

    def under_gps(self, image: AnnotatedImage) -> Detections:
        """The detections as they are counted under GPS."""
        return self._under(image, self.gps)

    def under_gpsm(self, image: AnnotatedImage) -> Detections:
        """The detections as they are counted under GPSm = sqrt(GPS · mask IoU)."""
        return self._under(image, masked_similarity(self.gps, self.mask_iou))

    def _under(self, image: AnnotatedImage, similarity: np.ndarray) -> Detections:
        similarity = fill_ignored(image, self.boxes, similarity)
        return Detections(self.category, self.score, self.boxes, similarity)


def highest_scores(instances: Instances, count: int) -> Instances:
    """The `count` instances of the highest scores, the highest first; ties keep their order."""
    order = torch.sort(instances.scores, descending=True, stable=True).indices
    return instances[order[:count]]


def boxes_xywh(instances: Instances) -> np.ndarray:
    """(D, 4) float64 XYWH pixels of the predicted boxes."""
    boxes = instances.pred_boxes.tensor.detach().double().cpu().numpy().copy()
    boxes[:, 2:] -= boxes[:, :2]
    return boxes


def score_detections(
    image: AnnotatedImage, instances: Instances, distance: SurfaceDistance
) -> DetectionScores:
    """Compare every detection with every person of an image.

    Args:
        image: its annotations.
        instances: D detections, sorted by score, with `pred_densepose` unless D is 0, in pixels
            of the original image.
        distance: the surface of the annotations.
    """
    boxes = boxes_xywh(instances)
    return DetectionScores(
        image_id=image.image_id,
        category=instances.pred_classes.cpu().numpy(),
        score=instances.scores.detach().double().cpu().numpy(),
        boxes=boxes,
        gps=_gps(image, instances, distance),
        mask_iou=_mask_iou(image, instances, boxes),
    )


def _gps(image: AnnotatedImage, instances: Instances, distance: SurfaceDistance) -> np.ndarray:
    num_detections, num_points = len(instances), len(image.part)
    vertex = np.full(num_detections * num_points, NOWHERE, dtype=np.int64)
    if num_detections and num_points:
        inside, points = read_points(
            instances.pred_densepose,
            instances.pred_boxes.tensor,
            np.repeat(np.arange(num_detections), num_points),
            np.tile(image.xy, (num_detections, 1)),
        )
        vertex[inside] = distance.vertex(points.part.numpy(), points.mean_uv.numpy())
    annotated = distance.vertex(image.part, image.uv)
    distance_m = distance.between_m(vertex.reshape(num_detections, num_points), annotated)
    return geodesic_point_similarity(distance_m, image.part, image.person, image.num_people)


def _mask_iou(image: AnnotatedImage, instances: Instances, boxes: np.ndarray) -> np.ndarray:
    """(D, G) IoU of the masks of detections with the `segmentation` of labelled people.

    DensePose's own evaluator compares with the union of `dp_masks` instead, which do not exist
    for all surfaces and are drawn on 256 x 256 cells of the box.
    """
    people = np.flatnonzero(image.num_points > 0)
    overlap = box_overlap(boxes, image.boxes[people])
    detections = np.flatnonzero((overlap > 0).any(axis=1))
    iou = np.zeros((len(boxes), image.num_people))
    if len(detections):
        maps, corners = instances.pred_densepose, instances.pred_boxes.tensor.double()
        masks = np.stack(
            [
                foreground_mask(maps.coarse_segm[d], corners[d], image.height, image.width)
                for d in detections
            ]
        )
        iou[np.ix_(detections, people)] = mask_iou(masks, [image.segmentation[g] for g in people])
    return iou
