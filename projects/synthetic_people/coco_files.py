"""Putting the shards of a split together into one COCO file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from uncertain_densepose.errors import UserError

from .body import COCO_KEYPOINT_NAMES
from .noise import LabelNoiseModel
from .shards import image_name, read_shard, write_atomically


class MissingImageError(UserError, RuntimeError):
    """An image of a data set has disappeared. The message names it."""


# COCO's, in its own order; keypoints are counted from 1.
_SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9),
    (8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip

_CONVENTIONS = {
    "pixels": "bbox and dp_x, dp_y are continuous, the first pixel's centre is at 0.5; "
    "x_image = bbox_x + dp_x / 255 * bbox_w. keypoints have the first pixel's centre at 0, as "
    "COCO's have.",
    "masks": "segmentation and dp_masks (256 x 256 of bbox) are of visible pixels",
    "camera": "x_camera = R x_world + t, metres, z forward; x_image ~ K x_camera",
    "dp_noise": "per point: variance s, direction r, shared_variance sigma_g^2 and the offset z_g "
    "drawn with it; chart units, before clipping",
}


def write_coco_file(root: Path, split: str, count: int, parameters: dict, first_id: int) -> bytes:
    """Assemble ``<split>.json`` from the shards, atomically.

    Args:
        root: the data set's folder.
        count: number of images; all their shards must be there.
        parameters: of the data set; they go into ``info``.
        first_id: id of the first image and of the first annotation.

    Returns:
        the file's content.

    Raises:
        MissingImageError: a shard is missing or damaged.
    """
    images: list[dict] = []
    annotations: list[dict] = []
    statistics = _Statistics()
    for index in range(count):
        shard = read_shard(root, split, index)
        if shard is None:
            raise MissingImageError(
                f"{root}: image {image_name(split, index)} has disappeared; run it again"
            )
        image_id = first_id + index
        names = {"id": image_id, "file_name": image_name(split, index)}
        images.append(names | shard["image"])
        for annotation in shard["annotations"]:
            ids = {"id": first_id + len(annotations), "image_id": image_id}
            annotations.append(ids | annotation)
            statistics.add(annotation)
    info = {
        "description": "synthetic people with dense correspondences and annotation noise",
        "split": split,
        **parameters,
        "conventions": _CONVENTIONS,
        "noise_model": LabelNoiseModel().as_dict(),
        "statistics": statistics.summary(count),
    }
    categories = [
        {
            "id": 1,
            "name": "person",
            "supercategory": "person",
            "keypoints": list(COCO_KEYPOINT_NAMES),
            "skeleton": [list(bone) for bone in _SKELETON],
        }
    ]
    content = coco_content(info, categories, images, annotations)
    write_atomically(root / f"{split}.json", content)
    return content


def coco_content(
    info: dict, categories: list[dict], images: list[dict], annotations: list[dict]
) -> bytes:
    """A COCO file without licenses, with one image or annotation per line."""
    sections = [
        f'"info":{_dump(info)}',
        '"licenses":[]',
        f'"categories":{_dump(categories)}',
        _section("images", images),
        _section("annotations", annotations),
    ]
    return ("{" + ",\n".join(sections) + "}\n").encode()


def _dump(value) -> str:
    return json.dumps(value, separators=(",", ":"))


def _section(name: str, entries: list) -> str:
    """One entry a line, so that files can be compared and searched."""
    return f'"{name}":[\n' + ",\n".join(_dump(entry) for entry in entries) + "\n]"


class _Statistics:
    """Counts over the annotations of a split."""

    def __init__(self) -> None:
        self._people = self._dense = self._points = self._clipped = 0
        self._sums = dict.fromkeys(("jitter", "slip", "shift"), 0.0)

    def add(self, annotation: dict) -> None:
        self._people += 1
        if "dp_I" not in annotation:
            return
        self._dense += 1
        labels = np.array([annotation["dp_U"], annotation["dp_V"]])
        self._points += labels.shape[1]
        self._clipped += int(((labels <= 0) | (labels >= 1)).any(axis=0).sum())
        noise = annotation["dp_noise"]
        direction = np.array(noise["direction"]).reshape(-1, 2)
        self._sums["jitter"] += float(np.sqrt(noise["variance"]).sum())
        self._sums["slip"] += float(np.linalg.norm(direction, axis=1).sum())
        self._sums["shift"] += float(np.sqrt(noise["shared_variance"]).sum())

    def summary(self, num_images: int) -> dict:
        points = max(self._points, 1)
        return {
            "images": num_images,
            "people": self._people,
            "people_with_dense_labels": self._dense,
            "points": self._points,
            "clipped_label_share": round(self._clipped / points, 5),
            **{f"mean_{name}": round(total / points, 5) for name, total in self._sums.items()},
        }
