"""The evaluation of detections pair by pair and point by point, in plain loops: the yardstick of
speed and the oracle of what is fast."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from pycocotools import mask as mask_api

from tests.uncertain_densepose.evaluation import ap_twin
from uncertain_densepose.evaluation.detections.gps import FINE_TO_GPS_GROUP, KAPPA_M


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


class PlainIUV:
    """A quantised detection, read pixel by pixel."""

    def __init__(self, score, box, iuv):
        self.score, self.box, self.iuv = score, box, iuv

    def answer(self, x, y):
        """Part, u and v at a position of the image; None where there is none."""
        column, row = int(x - self.box[0]), int(y - self.box[1])
        if not (0 <= column < self.iuv.shape[2] and 0 <= row < self.iuv.shape[1]):
            return None
        part, u, v = (int(value) for value in self.iuv[:, row, column])
        return (part, u / 255, v / 255) if part else None

    def mask(self, image):
        """(height, width) bool."""
        mask = np.zeros((image.height, image.width), dtype=bool)
        x, y = int(self.box[0]), int(self.box[1])
        right = min(int(self.box[0] + self.box[2]), image.width, x + self.iuv.shape[2])
        bottom = min(int(self.box[1] + self.box[3]), image.height, y + self.iuv.shape[1])
        mask[y:bottom, x:right] = self.iuv[0, : bottom - y, : right - x] > 0
        return mask

    @staticmethod
    def all_of(found):
        """Those of `IUVDetections`."""
        return [PlainIUV(*one) for one in zip(found.score, found.boxes, found._iuv, strict=True)]


class PlainCharts:
    """Chart maps of a detection, of 2 coarse channels, interpolated point by point."""

    def __init__(self, score, corners, coarse, fine, u, v):
        self.score, self.corners = score, corners
        self.box = np.concatenate([corners[:2], corners[2:] - corners[:2]])
        self.coarse, self.fine, self.u, self.v = coarse, fine, u, v

    def answer(self, x, y):
        """Part, u and v at a position of the image; None where there is none."""
        fx, fy = (x - self.box[0]) / self.box[2], (y - self.box[1]) / self.box[3]
        if not (0 <= fx <= 1 and 0 <= fy <= 1):
            return None
        coarse = [self._read(plane, fx, fy) for plane in self.coarse]
        if coarse[0] >= coarse[1]:
            return None
        fine = [self._read(plane, fx, fy) for plane in self.fine]
        part = max(range(25), key=fine.__getitem__)
        if part == 0:
            return None
        return part, self._read(self.u[part], fx, fy), self._read(self.v[part], fx, fy)

    @staticmethod
    def _read(plane, fx, fy):
        side = len(plane)
        x = min(max(fx * side - 0.5, 0.0), side - 1.0)
        y = min(max(fy * side - 0.5, 0.0), side - 1.0)
        i, j = min(int(y), side - 2), min(int(x), side - 2)
        a, b = y - i, x - j
        upper = (1 - b) * plane[i, j] + b * plane[i, j + 1]
        lower = (1 - b) * plane[i + 1, j] + b * plane[i + 1, j + 1]
        return (1 - a) * upper + a * lower

    def mask(self, image):
        """(height, width) bool."""
        x = (np.arange(image.width) + 0.5 - self.box[0]) / self.box[2]
        y = (np.arange(image.height) + 0.5 - self.box[1]) / self.box[3]
        grid = np.stack(np.broadcast_arrays(2 * x - 1, 2 * y[:, None] - 1), axis=-1)
        scores = F.grid_sample(
            torch.as_tensor(self.coarse)[None],
            torch.as_tensor(grid)[None],
            padding_mode="border",
            align_corners=False,
        )[0].numpy()
        inside = np.outer((y >= 0) & (y < 1), (x >= 0) & (x < 1))
        return inside & (scores[1] > scores[0])

    @staticmethod
    def all_of(instances):
        """Those of Detectron2's `Instances`, the highest score first."""
        maps, corners = instances.pred_densepose, instances.pred_boxes.tensor.double().numpy()
        fields = [x.double().numpy() for x in (maps.coarse_segm, maps.fine_segm, maps.u, maps.v)]
        order = np.argsort(-instances.scores.numpy(), kind="stable")
        return [
            PlainCharts(instances.scores[k].item(), corners[k], *(x[k] for x in fields))
            for k in order
        ]


def gps(surface, lookup, jacobian, image, person, detection):
    """Of one detection on one person."""
    total, count = 0.0, 0
    for point in range(len(image.part)):
        if image.person[point] != person:
            continue
        count += 1
        answer = detection.answer(*image.xy[point])
        if answer is None:
            continue
        part, u, v = answer
        u, v = min(max(u, 0.0), 1.0), min(max(v, 0.0), 1.0)
        predicted = nearest_vertex(surface, lookup, jacobian, part, u, v)
        annotated = nearest_vertex(
            surface, lookup, jacobian, int(image.part[point]), *image.uv[point]
        )
        distance = geodesic_m(surface, predicted, annotated)
        kappa = KAPPA_M[FINE_TO_GPS_GROUP[image.part[point]]]
        total += math.exp(-(distance**2) / (2 * kappa**2))
    return total / count if count else 0.0


def box_iou(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def evaluate(surface, lookup, jacobian, images, detections):
    """`METRICS` under GPS, GPSm and mask IoU.

    Args:
        images: annotated images whose people have a segmentation and are no crowds.
        detections: for each image those of `PlainIUV` or `PlainCharts`, the highest score first.
    """
    plain = {"densepose_gps": [], "densepose_gpsm": [], "densepose_segm": []}
    for image, found in zip(images, detections, strict=True):
        people = [
            {"area": area, "ignored": bool(ignored), "crowd": False}
            for area, ignored in zip(image.area, image.ignored, strict=True)
        ]
        records = {mode: [] for mode in plain}
        for detection in found:
            similarity = {mode: [] for mode in plain}
            for person in range(image.num_people):
                placed = gps(surface, lookup, jacobian, image, person, detection)
                mask = detection.mask(image)
                counts = image.masks[person].counts
                other = mask_api.decode({"size": [image.height, image.width], "counts": counts}) > 0
                iou = (mask & other).sum() / max((mask | other).sum(), 1)
                similarity["densepose_gps"].append(placed)
                similarity["densepose_gpsm"].append(math.sqrt(placed * iou))
                similarity["densepose_segm"].append(iou)
            for mode, values in similarity.items():
                records[mode].append(
                    {
                        "score": detection.score,
                        "area": detection.box[2] * detection.box[3],
                        "similarity": values,
                        "overlap": [box_iou(detection.box, other) for other in image.boxes],
                    }
                )
        for mode, found_in_image in records.items():
            plain[mode].append({"people": people, "detections": found_in_image})
    return {mode: ap_twin.metrics(of_mode) for mode, of_mode in plain.items()}
