"""Where detections place the annotated points of an image, as vertices of the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...structures.image_detections import ImageDetections
from ..ground_truth import AnnotatedImage
from .matching import UNMATCHED
from .surface_distance import NOWHERE, SurfaceDistance


@dataclass(frozen=True)
class PointAnswers:
    """Answers at the P points of an image.

    Attributes:
        part: (..., P) int64 charts 1..24, 0 for no answer.
        vertex: (..., P) int32, `NOWHERE` for no answer.
        distance_m: (..., P) float32 metres to the annotated vertex, infinite for no answer.
        annotated_vertex: (P,) int32.
    """

    part: np.ndarray
    vertex: np.ndarray
    distance_m: np.ndarray
    annotated_vertex: np.ndarray

    def of_detections(self, detection: np.ndarray) -> PointAnswers:
        """From the answers (D, P) of all detections, those (P,) of one at each point.

        Args:
            detection: (P,) int64 in 0..D-1, `UNMATCHED` for no answer.
        """
        part = np.zeros(len(detection), dtype=np.int64)
        vertex = np.full(len(detection), NOWHERE, dtype=np.int32)
        distance_m = np.full(len(detection), np.inf, dtype=np.float32)
        point = np.flatnonzero(detection != UNMATCHED)
        chosen = detection[point], point
        part[point], vertex[point] = self.part[chosen], self.vertex[chosen]
        distance_m[point] = self.distance_m[chosen]
        return PointAnswers(part, vertex, distance_m, self.annotated_vertex)


def read_all(
    image: AnnotatedImage, detections: ImageDetections, distance: SurfaceDistance
) -> PointAnswers:
    """The answers (D, P) of all detections at all annotated points.

    Args:
        image: the annotations.
        detections: D detections in the image.
        distance: the surface of the annotations.
    """
    # Most points lie outside most boxes and need not be read. Within a pixel of a box the
    # detections decide, which know where their own grid ends.
    from_corner = image.xy - detections.boxes[:, None, :2]
    size = detections.boxes[:, None, 2:]
    near = ((from_corner >= -1) & (from_corner <= size + 1)).all(axis=2)
    detection, point = np.nonzero(near)
    read_part, uv = detections.read(detection, image.xy[point])
    part = np.zeros(near.shape, dtype=np.int64)
    vertex = np.full(near.shape, NOWHERE, dtype=np.int32)
    part[near], vertex[near] = read_part, distance.vertex(read_part, uv)
    annotated = distance.vertex(image.part, image.uv)
    return PointAnswers(part, vertex, distance.between_m(vertex, annotated), annotated)
