"""Geodesic point similarity (GPS): how well the points of one person were placed on the body.

GPS was introduced with DensePose-COCO (Guler, Neverova, Kokkinos, "DensePose: Dense Human Pose
Estimation in the Wild", CVPR 2018) with one length scale for the whole body. The DensePose
challenges use one length scale a part, and GPSm, which also compares masks.
"""

from __future__ import annotations

import numpy as np

KAPPA_M = np.array([0.0, 0.351, 0.107, 0.126, 0.237, 0.173, 0.142, 0.128, 0.150])
"""Length scale κ of each part group, (9,) metres: background, torso, hands, feet, upper legs, lower
legs, upper arms, lower arms, head."""

KAPPA_2018_M = 0.255
"""The one length scale of the 2018 definition, metres."""

FINE_TO_GPS_GROUP = np.array(
    [0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8]
)
"""Part group of each fine part, (25,) int64."""


def point_similarity(
    distance_m: np.ndarray, part: np.ndarray, kappa_m: np.ndarray | float | None = None
) -> np.ndarray:
    """exp(-d² / 2κ²) of points, with the κ of the annotated part.

    Args:
        distance_m: (..., P) geodesic distance between prediction and annotation, metres;
            infinite where the prediction is not on the surface.
        part: (P,) integer, the annotated charts, 1..24.
        kappa_m: (P,) or one length scale, metres; by default those of `KAPPA_M`.

    Returns:
        (..., P) float64 in [0, 1], 0 at an infinite distance.
    """
    kappa_m = KAPPA_M[FINE_TO_GPS_GROUP[part]] if kappa_m is None else kappa_m
    return np.exp(np.square(np.asarray(distance_m, dtype=np.float64)) / (-2 * np.square(kappa_m)))


def geodesic_point_similarity(
    distance_m: np.ndarray,
    part: np.ndarray,
    person: np.ndarray,
    num_people: int,
    kappa_m: np.ndarray | float | None = None,
) -> np.ndarray:
    """GPS of detections with people: the mean of `point_similarity` over a person's points.

    Args:
        distance_m: (D, P) metres, between the prediction of each detection at each annotated point
            of an image and the annotation.
        part: (P,) annotated charts, 1..24.
        person: (P,) integer in 0..num_people-1, the person that a point belongs to.
        num_people: G.
        kappa_m: as in `point_similarity`.

    Returns:
        (D, G) float64 in [0, 1]; 0 for a person without points.
    """
    similarity = point_similarity(distance_m, part, kappa_m)
    belongs = person[:, None] == np.arange(num_people)
    return similarity @ belongs / np.maximum(belongs.sum(axis=0), 1)


def masked_similarity(gps: np.ndarray, mask_iou: np.ndarray) -> np.ndarray:
    """GPSm = sqrt(GPS · mask IoU), (D, G) in [0, 1] of (D, G) each, both in [0, 1]."""
    return np.sqrt(np.asarray(gps) * np.asarray(mask_iou))
