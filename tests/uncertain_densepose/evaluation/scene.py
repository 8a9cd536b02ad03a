"""Small hand-made data sets and the predictions of models that are as right as one likes.

In every annotated box, and in every map of `perfect_maps`, the left half of the box is chart
`LEFT`, the right half chart `RIGHT`, and (u, v) is the position in the box. So the annotation of a
point follows from where it is, and a perfect prediction from nothing at all.
"""

import json

import numpy as np
import torch
from detectron2.structures import Boxes, Instances
from pycocotools import mask as mask_api

from uncertain_densepose.structures import ChartMaps

LEFT, RIGHT = 2, 1
SIDE = 32
HEIGHT, WIDTH = 120, 160
NUM_POINTS = 12


def box_pixels(box, height=HEIGHT, width=WIDTH) -> np.ndarray:
    """(height, width) bool, the pixels whose centres lie in an XYWH box."""
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    columns = (x >= box[0]) & (x < box[0] + box[2])
    rows = (y >= box[1]) & (y < box[1] + box[3])
    return np.outer(rows, columns)


def box_mask(box, side=None) -> dict:
    """The same as a run-length encoding, fit for json, of the image or of `side` x `side` cells."""
    return encoded(box_pixels(box, side or HEIGHT, side or WIDTH))


def encoded(pixels) -> dict:
    """(height, width) of a mask as a run-length encoding, fit for json."""
    encoding = mask_api.encode(np.asfortranarray(pixels, dtype=np.uint8))
    return {"size": encoding["size"], "counts": encoding["counts"].decode()}


def in_image(mask, height=HEIGHT, width=WIDTH) -> np.ndarray:
    """(height, width) bool, a `WindowMask` in the whole image."""
    image = np.zeros((height, width), dtype=bool)
    rows, columns = mask.pixels.shape
    image[mask.top : mask.top + rows, mask.left : mask.left + columns] = mask.pixels
    return image


def unlabelled(key, image_id, box, **fields) -> dict:
    """An annotation of a person without dense-pose labels."""
    return {
        "id": key,
        "image_id": image_id,
        "category_id": 1,
        "bbox": list(box),
        "area": float(box[2] * box[3]),
        "iscrowd": 0,
        "segmentation": box_mask(box),
        **fields,
    }


def labelled(key, image_id, box, rng, **fields) -> dict:
    """An annotation with `NUM_POINTS` points, away from the border between the charts and from the
    outermost half cell of the maps, where interpolation has nothing to reach for."""
    position = rng.uniform(0.1, 0.9, (NUM_POINTS, 2))
    position[:, 0] += np.where(position[:, 0] < 0.5, -0.04, 0.04)
    points = {
        "dp_x": (255 * position[:, 0]).tolist(),
        "dp_y": (255 * position[:, 1]).tolist(),
        "dp_I": np.where(position[:, 0] < 0.5, LEFT, RIGHT).tolist(),
        "dp_U": position[:, 0].tolist(),
        "dp_V": position[:, 1].tolist(),
    }
    return unlabelled(key, image_id, box, **points) | fields


def coco(annotations, num_images) -> dict:
    """The content of an annotation file with images 1 .. num_images."""
    images = [
        {"id": key, "file_name": f"{key}.jpg", "height": HEIGHT, "width": WIDTH}
        for key in range(1, num_images + 1)
    ]
    categories = [{"id": 1, "name": "person"}]
    return {"images": images, "annotations": annotations, "categories": categories}


def write(path, content) -> str:
    """Write json; returns the path as text."""
    path.write_text(json.dumps(content))
    return str(path)


def perfect_maps(num_boxes: int, **noise: torch.Tensor) -> ChartMaps:
    """Maps that put every point where `labelled` put it, foreground all over the box."""
    position = (torch.arange(SIDE) + 0.5) / SIDE
    shape = (num_boxes, 25, SIDE, SIDE)
    fine = torch.zeros(shape)
    fine[:, LEFT, :, : SIDE // 2] = 5.0
    fine[:, RIGHT, :, SIDE // 2 :] = 5.0
    coarse = torch.zeros(num_boxes, 2, SIDE, SIDE)
    coarse[:, 1] = 5.0
    u = position.expand(shape).clone()
    v = position[:, None].expand(shape).clone()
    return ChartMaps(coarse_segm=coarse, fine_segm=fine, u=u, v=v, **noise)


def instances(boxes, scores=None, maps=None, **fields) -> Instances:
    """A model's answer for XYWH boxes, in pixels of the original image; perfect by default."""
    corners = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    count = len(corners)
    return Instances(
        (HEIGHT, WIDTH),
        pred_boxes=Boxes(corners),
        scores=torch.ones(count) if scores is None else torch.tensor(scores),
        pred_classes=torch.zeros(count, dtype=torch.int64),
        pred_densepose=perfect_maps(count) if maps is None else maps,
        **fields,
    )
