"""The evaluation of detections pair by pair and point by point, in plain loops: the yardstick of
speed and the oracle of what is fast."""

import math

import numpy as np
from evaluation import ap_twin
from pycocotools import mask as mask_api

from uncertain_densepose.evaluation.gps import FINE_TO_GPS_GROUP, KAPPA_M


def geodesic_m(surface, a, b):
    """The distance of two vertices."""
    i, j = int(surface.nearest_geodesic[a]), int(surface.nearest_geodesic[b])
    if i == j:
        return 0.0
    i, j = max(i, j), min(i, j)
    return float(surface.geodesic_m[i * (i - 1) // 2 + j])


def nearest_vertex(surface, lookup, jacobian, part, u, v):
    """The corner, nearest in metres, of the face under a point of a chart."""
    side = lookup.resolution
    column, row = min(int(u * side), side - 1), min(int(v * side), side - 1)
    face = lookup.face_raster[part, row, column]
    best, nearest = math.inf, None
    for corner in range(3):
        step = np.array([u, v], dtype=np.float32) - surface.face_uv[face, corner]
        metres = jacobian[face] @ step
        squared = float(metres @ metres)
        if squared < best:
            best, nearest = squared, surface.faces[face, corner]
    return nearest


def gps(surface, lookup, jacobian, image, person, box, iuv):
    """Of one detection on one person."""
    total, count = 0.0, 0
    for point in range(len(image.part)):
        if image.person[point] != person:
            continue
        count += 1
        column = int(image.xy[point, 0] - box[0])
        row = int(image.xy[point, 1] - box[1])
        if not (0 <= column < iuv.shape[2] and 0 <= row < iuv.shape[1]):
            continue
        part = int(iuv[0, row, column])
        if part == 0:
            continue
        u, v = iuv[1, row, column] / 255, iuv[2, row, column] / 255
        predicted = nearest_vertex(surface, lookup, jacobian, part, u, v)
        annotated = nearest_vertex(
            surface, lookup, jacobian, int(image.part[point]), *image.uv[point]
        )
        distance = geodesic_m(surface, predicted, annotated)
        kappa = KAPPA_M[FINE_TO_GPS_GROUP[image.part[point]]]
        total += math.exp(-(distance**2) / (2 * kappa**2))
    return total / count if count else 0.0


def detection_mask(image, box, iuv):
    """(height, width) bool."""
    mask = np.zeros((image.height, image.width), dtype=bool)
    x, y = int(box[0]), int(box[1])
    right = min(int(box[0] + box[2]), image.width, x + iuv.shape[2])
    bottom = min(int(box[1] + box[3]), image.height, y + iuv.shape[1])
    mask[y:bottom, x:right] = iuv[0, : bottom - y, : right - x] > 0
    return mask


def box_iou(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def evaluate(surface, lookup, jacobian, images, detections):
    """`METRICS` under GPS, GPSm and mask IoU.

    Args:
        images: annotated images whose people have a segmentation and are no crowds.
        detections: `IUVDetections`, one an image.
    """
    plain = {"densepose_gps": [], "densepose_gpsm": [], "densepose_segm": []}
    for image, found in zip(images, detections, strict=True):
        people = [
            {"area": area, "ignored": bool(ignored), "crowd": False}
            for area, ignored in zip(image.area, image.ignored, strict=True)
        ]
        records = {mode: [] for mode in plain}
        for score, box, iuv in zip(found.score, found.boxes, found._iuv, strict=True):
            similarity = {mode: [] for mode in plain}
            for person in range(image.num_people):
                placed = gps(surface, lookup, jacobian, image, person, box, iuv)
                mask = detection_mask(image, box, iuv)
                other = mask_api.decode(image.masks[person].encoding) > 0
                iou = (mask & other).sum() / max((mask | other).sum(), 1)
                similarity["densepose_gps"].append(placed)
                similarity["densepose_gpsm"].append(math.sqrt(placed * iou))
                similarity["densepose_segm"].append(iou)
            for mode, values in similarity.items():
                records[mode].append(
                    {
                        "score": score,
                        "area": box[2] * box[3],
                        "similarity": values,
                        "overlap": [box_iou(box, other) for other in image.boxes],
                    }
                )
        for mode, found_in_image in records.items():
            plain[mode].append({"people": people, "detections": found_in_image})
    return {mode: ap_twin.metrics(of_mode) for mode, of_mode in plain.items()}
