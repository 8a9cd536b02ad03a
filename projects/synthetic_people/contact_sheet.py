"""A picture to look a data set over: images beside their masks, parts, points and keypoints."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from matplotlib import colormaps
from pycocotools import mask as coco_mask

from uncertain_densepose.inside import LeadsOutError, plain_path

from .coco_files import MissingImageError
from .shards import IMAGE_FOLDER

_SCALE = 2
_GAP_PX = 4


def draw_contact_sheet(
    root: Path, split: str, path: Path, count: int = 12, columns: int = 3
) -> None:
    """Draw some images of a data set to a PNG file.

    Of each image the picture is on the left. On the right it has boxes, coarse parts as tints,
    points in the colour of their fine part, and keypoints: white visible, black occluded.

    Args:
        root: folder of the data set.
        split: ``train`` or ``val``.
        path: of the figure.
        count: number of images, evenly spread over the split.
        columns: images in a row.

    Raises:
        MissingImageError: an image is missing, cannot be read, or is named elsewhere.
    """
    content = json.loads((root / f"{split}.json").read_text())
    people: dict[int, list[dict]] = {}
    for annotation in content["annotations"]:
        people.setdefault(annotation["image_id"], []).append(annotation)
    images = content["images"][:: max(1, len(content["images"]) // count)][:count]
    tiles = []
    for record in images:
        try:
            file = root / IMAGE_FOLDER / plain_path(record["file_name"])
        except LeadsOutError as error:
            raise MissingImageError(f"{split}.json: image {record['id']}: {error}") from error
        picture = cv2.imread(str(file))
        if picture is None:
            raise MissingImageError(f"{file}: the image is missing or cannot be read")
        large = cv2.resize(picture, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC)
        drawn = (0.6 * large).astype(np.uint8)
        for annotation in people.get(record["id"], []):
            _draw_person(drawn, annotation)
        tiles.append(np.hstack([large, drawn]))
    cv2.imwrite(str(path), _grid(tiles, columns))


def _draw_person(canvas: np.ndarray, annotation: dict) -> None:
    x, y, width, height = (round(_SCALE * v) for v in annotation["bbox"])
    mask = cv2.resize(
        coco_mask.decode(annotation["segmentation"]), canvas.shape[1::-1],
        interpolation=cv2.INTER_NEAREST,
    )  # fmt: skip
    outline, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, outline, -1, (255, 255, 255), 1)
    cv2.rectangle(canvas, (x, y), (x + width, y + height), (0, 220, 255), 1)
    if "dp_I" in annotation:
        region = canvas[y : y + height, x : x + width]
        for number, rle in enumerate(annotation["dp_masks"], start=1):
            if rle:
                inside = cv2.resize(
                    coco_mask.decode(rle), (width, height), interpolation=cv2.INTER_NEAREST
                ).astype(bool)[: region.shape[0], : region.shape[1]]
                region[inside] = 0.5 * region[inside] + 0.5 * _colour(number)
        for (px, py), part in zip(_points_px(annotation), annotation["dp_I"], strict=True):
            where = (round(_SCALE * px), round(_SCALE * py))
            cv2.circle(canvas, where, 2, (0, 0, 0), -1, cv2.LINE_AA)
            cv2.circle(canvas, where, 1, _colour(part).tolist(), -1, cv2.LINE_AA)
    for kx, ky, flag in np.reshape(annotation["keypoints"], (17, 3)):
        if flag:
            colour = (255, 255, 255) if flag == 2 else (0, 0, 0)
            where = (round(_SCALE * (kx + 0.5)), round(_SCALE * (ky + 0.5)))
            cv2.circle(canvas, where, 4, colour, 1, cv2.LINE_AA)


def _points_px(annotation: dict) -> np.ndarray:
    """(P, 2) pixels of the dense labels."""
    x, y, width, height = annotation["bbox"]
    points = np.stack([annotation["dp_x"], annotation["dp_y"]], axis=1)
    return np.array([x, y]) + points / 255 * np.array([width, height])


def _colour(number: int) -> np.ndarray:
    """(3,) BGR in [0, 255], spread so that neighbouring numbers differ."""
    return 255 * np.array(colormaps["hsv"]((number * 0.618) % 1.0)[2::-1])


def _grid(tiles: list[np.ndarray], columns: int) -> np.ndarray:
    height = max(tile.shape[0] for tile in tiles) + _GAP_PX
    width = max(tile.shape[1] for tile in tiles) + _GAP_PX
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for position, tile in enumerate(tiles):
        top, left = height * (position // columns), width * (position % columns)
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet
