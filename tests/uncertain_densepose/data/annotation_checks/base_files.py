"""Whole annotation files with their pictures, and answers of a model that is not quite right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from detectron2.structures import Instances

from tests.uncertain_densepose.data.annotation_checks.format_rules import POINT_LISTS, TRUE_LISTS
from tests.uncertain_densepose.data.oddities import MASKS, stripe
from tests.uncertain_densepose.evaluation.scene import (
    HEIGHT,
    WIDTH,
    coco,
    instances,
    labelled,
    unlabelled,
)
from uncertain_densepose.evaluation import GroundTruth
from uncertain_densepose.evaluation.ground_truth import AnnotatedImage
from uncertain_densepose.structures import ChartMaps

SIDE = 20
BOXES = [[10, 20, 40, 60], [70, 20, 80, 90], [100, 60, 30, 40]]


@dataclass(frozen=True)
class BaseFile:
    """A file to be changed.

    Attributes:
        text: its content as JSON.
        pictures: the folder of its images.
        sizes: width and height of each of them, by name.
        areas: of its segmentations, by `json.dumps`.
        answers: what a model detects, by image id.
    """

    text: str
    pictures: Path
    sizes: dict[str, tuple[int, int]]
    areas: dict[str, float]
    answers: dict[int, Instances]

    def content(self) -> dict:
        return json.loads(self.text)


def hand_made(folder: Path) -> BaseFile:
    """Two images, people with part masks, with polygons, without labels, and a crowd."""
    rng = np.random.default_rng(0)
    keypoints = [20, 30, 2] * 17
    x, y, w, h = BOXES[1]
    polygon = [[x, y, x + w, y, x + w, y + h, x, y + h]]
    true = {"dp_U_true": [0.5] * 12, "dp_V_true": [0.5] * 12, "dp_I_true": [1] * 12}
    people = [
        labelled(1, 1, BOXES[0], rng, dp_masks=MASKS, keypoints=keypoints),
        labelled(2, 1, BOXES[1], rng, segmentation=polygon, keypoints=keypoints, **true),
        unlabelled(3, 2, BOXES[2], keypoints=keypoints),
        unlabelled(4, 2, BOXES[0], iscrowd=1, keypoints=keypoints),
        labelled(5, 2, BOXES[1], rng, dp_masks=stripe(0, 256), keypoints=keypoints),
    ]
    people[0]["dp_masks"] = [stripe(0, 200), stripe(200, 256), *[[]] * 12]
    content = coco(people, num_images=2)
    content["categories"].insert(0, {"id": 0, "name": "people"})
    picture = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    for image in content["images"]:
        cv2.imwrite(str(folder / image["file_name"]), picture)
    return _base(content, folder, folder)


def generated(data_set: Path, folder: Path) -> BaseFile:
    """Two images of a synthetic set, one with a person without labels, and every third point."""
    content = json.loads((data_set / "val.json").read_bytes())
    keys = [image["id"] for image in content["images"][1:3]]
    content["images"] = [image for image in content["images"] if image["id"] in keys]
    content["annotations"] = [one for one in content["annotations"] if one["image_id"] in keys]
    for one in content["annotations"]:
        for name in {*POINT_LISTS, *TRUE_LISTS} & one.keys():
            one[name] = one[name][::3]
    for one in content["annotations"][1:]:
        # Nobody reads it, and it is long.
        one.pop("dp_noise", None)
    return _base(content, data_set / "images", folder)


def _base(content: dict, pictures: Path, folder: Path) -> BaseFile:
    path = folder / "base.json"
    path.write_text(json.dumps(content))
    truth = GroundTruth.load(path)
    return BaseFile(
        text=path.read_text(),
        pictures=pictures,
        sizes={
            image["file_name"]: (image["width"], image["height"]) for image in content["images"]
        },
        areas={json.dumps(one["segmentation"]): one["area"] for one in content["annotations"]},
        answers={image.image_id: _answer(image) for image in truth},
    )


def _answer(image: AnnotatedImage) -> Instances:
    """Everybody found, in boxes and charts that are a little off, and somebody who is not there."""
    rng = np.random.default_rng(image.image_id)
    boxes = [box + rng.normal(0, 2.0, 4) for box in image.boxes]
    maps = [_maps_of(image, person, rng) for person in range(image.num_people)]
    boxes.append(np.array([1.0, 1.0, 50.0, 60.0]))
    maps.append(_maps_of(image, 0, rng))
    scores = rng.uniform(0.3, 0.95, len(boxes)).tolist()
    return instances(np.array(boxes).tolist(), scores, ChartMaps.cat(maps))


def _maps_of(image: AnnotatedImage, person: int, rng: np.random.Generator) -> ChartMaps:
    """Each cell has what was annotated at the next point, plus noise; far from it is background."""
    of_person = image.person == person
    x, y, w, h = image.boxes[person]
    points = (image.xy[of_person] - [x, y]) / [w, h]
    part, uv = image.part[of_person], image.uv[of_person]
    if len(points) == 0:
        points, part, uv = np.full((1, 2), 0.5), np.ones(1, np.int64), np.full((1, 2), 0.5)
    axis = (np.arange(SIDE) + 0.5) / SIDE
    cells = np.stack(np.meshgrid(axis, axis), axis=-1)
    distance = np.linalg.norm(cells[:, :, None] - points, axis=-1)
    nearest = distance.argmin(axis=-1)
    wrong = rng.random((SIDE, SIDE)) < 0.1
    nearest[wrong] = rng.integers(len(points), size=wrong.sum())
    fine = rng.uniform(0, 1, (25, SIDE, SIDE))
    np.put_along_axis(fine, part[nearest][None], 3.0, axis=0)
    coarse = np.stack([np.full((SIDE, SIDE), 0.15), 0.3 - distance.min(axis=-1)])
    u, v = (
        np.broadcast_to(along[nearest], (25, SIDE, SIDE)) + rng.normal(0, 0.1, (25, SIDE, SIDE))
        for along in uv.T
    )
    tensors = (torch.from_numpy(one).float()[None] for one in (coarse, fine, u, v))
    coarse, fine, u, v = tensors
    return ChartMaps(
        coarse_segm=coarse,
        fine_segm=fine,
        u=u,
        v=v,
        variance=torch.full_like(u, 0.003),
        direction=torch.full((1, 2, 25, SIDE, SIDE), 0.02),
        shared_covariance=(0.001 * torch.eye(2)).expand(1, 25, 2, 2).clone(),
    )
