"""A data set of the size on which speed and memory are measured: per image three people with 100
points each, and five detections, quantised or as chart maps. Images have 640 x 480 pixels."""

import json

import numpy as np
import torch
from detectron2.structures import Boxes, Instances

from tests.uncertain_densepose.evaluation.scene import encoded
from uncertain_densepose.evaluation.detections.iuv_detections import IUVDetections
from uncertain_densepose.evaluation.ground_truth.ground_truth import GroundTruth
from uncertain_densepose.structures import ChartMaps

HEIGHT, WIDTH = 480, 640
PEOPLE, DETECTIONS, POINTS = 3, 5, 100
TORSO = (2, 1)
"""The charts of the left and the right half of everybody."""


def make_scene(folder, num_images, seed=0):
    """Annotations, written into a folder, and the detections of each image."""
    rng = np.random.default_rng(seed)
    people, found = [], {}
    for image_id in range(1, num_images + 1):
        boxes = [_box(rng) for _ in range(PEOPLE)]
        people += [_person(len(people) + k, image_id, b, rng) for k, b in enumerate(boxes)]
        found[image_id] = _detections(boxes, rng)
    images = [
        {"id": key, "file_name": f"{key}.jpg", "height": HEIGHT, "width": WIDTH} for key in found
    ]
    content = {
        "images": images,
        "annotations": people,
        "categories": [{"id": 1, "name": "person"}],
    }
    path = folder / f"annotations_{num_images}_{seed}.json"
    path.write_text(json.dumps(content))
    return GroundTruth.load(path), found


def _box(rng) -> np.ndarray:
    size = np.array([rng.uniform(60, 200), rng.uniform(120, 350)])
    return np.concatenate([rng.uniform(0, 1, 2) * (np.array([WIDTH, HEIGHT]) - size), size])


def _ellipse(height, width) -> np.ndarray:
    """(height, width) bool, an ellipse that touches the four edges."""
    y, x = np.ogrid[:height, :width]
    return ((x + 0.5) / width * 2 - 1) ** 2 + ((y + 0.5) / height * 2 - 1) ** 2 < 1


def _person(key, image_id, box, rng) -> dict:
    pixels = np.zeros((HEIGHT, WIDTH), dtype=bool)
    x, y, width, height = box.astype(int)
    pixels[y : y + height, x : x + width] = _ellipse(height, width)
    position = rng.uniform(0.02, 0.98, (POINTS, 2))
    uv = np.clip(position + rng.normal(0, 0.05, position.shape), 0, 1)
    return {
        "id": key,
        "image_id": image_id,
        "category_id": 1,
        "bbox": box.tolist(),
        "area": int(pixels.sum()),
        "iscrowd": 0,
        "segmentation": encoded(pixels),
        "dp_x": (255 * position[:, 0]).tolist(),
        "dp_y": (255 * position[:, 1]).tolist(),
        "dp_I": np.where(position[:, 0] < 0.5, *TORSO).tolist(),
        "dp_U": uv[:, 0].tolist(),
        "dp_V": uv[:, 1].tolist(),
    }


def _detections(people, rng) -> IUVDetections:
    near = np.array([people[k % PEOPLE] for k in range(DETECTIONS)])
    boxes = np.maximum(near + rng.normal(0, 6, near.shape), [0, 0, 30, 30])
    boxes[:, 2:] = np.minimum(boxes[:, 2:], [WIDTH, HEIGHT] - boxes[:, :2])
    iuv = []
    for width, height in boxes[:, 2:].astype(int):
        u = np.broadcast_to((np.arange(width) + 0.5) / width, (height, width))
        v = np.broadcast_to(((np.arange(height) + 0.5) / height)[:, None], (height, width))
        part = np.where(u < 0.5, *TORSO) * _ellipse(height, width)
        error = rng.normal(0, 12, (2, 1, 1))
        planes = [part, *np.clip(255 * np.stack([u, v]) + error, 0, 255)]
        iuv.append(np.stack(planes).astype(np.uint8))
    category = np.zeros(DETECTIONS, dtype=np.int64)
    return IUVDetections(category, rng.random(DETECTIONS), boxes, iuv)


def chart_instances(found, num_maps=4, side=112, seed=0) -> dict[int, Instances]:
    """Detections in the same boxes with the same scores, as a network gives them.

    Args:
        found: detections of each image.
        num_maps: images take turns with so many sets of maps, for which there is memory.
        side: of the maps.
    """
    generator = torch.Generator().manual_seed(seed)
    maps = [_chart_maps(side, generator) for _ in range(num_maps)]
    instances = {}
    for index, (image_id, detections) in enumerate(found.items()):
        corners = torch.as_tensor(detections.boxes, dtype=torch.float32)
        corners[:, 2:] += corners[:, :2]
        instances[image_id] = Instances(
            (HEIGHT, WIDTH),
            pred_boxes=Boxes(corners),
            scores=torch.as_tensor(detections.score),
            pred_classes=torch.zeros(DETECTIONS, dtype=torch.int64),
            pred_densepose=maps[index % num_maps],
        )
    return instances


def _chart_maps(side, generator) -> ChartMaps:
    shape = (DETECTIONS, 25, side, side)
    position = (torch.arange(side) + 0.5) / side
    fine = torch.randn(shape, generator=generator)
    for part, half in zip(TORSO, (slice(None, side // 2), slice(side // 2, None)), strict=True):
        fine[:, part, :, half] += 6
    body = torch.where(torch.as_tensor(_ellipse(side, side)), 3.0, -3.0)
    coarse = torch.stack([torch.zeros_like(body), body]).expand(DETECTIONS, 2, side, side)
    error = 0.05 * torch.randn((2, DETECTIONS, 1, 1, 1), generator=generator)
    return ChartMaps(
        coarse_segm=coarse + 0.1 * torch.randn(coarse.shape, generator=generator),
        fine_segm=fine,
        u=(position + error[0]).expand(shape).contiguous(),
        v=(position[:, None] + error[1]).expand(shape).contiguous(),
    )
