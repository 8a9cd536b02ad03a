"""A data set of a few drawn people, in every noise world, that needs no body model."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as mask_api

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface.paths import SURFACE_FILE_NAME

NAME = "drawn_people"
WORLDS = ("annotator", "clean", "iid")
BOXES = ((4.0, 6.0, 40.0, 50.0), (30.5, 2.25, 60.0, 61.5))
NUM_TRAIN, NUM_VAL = 10, 3

TINY = (
    "EXPERIMENT.DATASET", NAME,
    "EXPERIMENT.CROP_SIDE", "32",
    "EXPERIMENT.VALIDATION_SHARE", "0.2",
    "EXPERIMENT.EVALUATE_AT", "[0.5, 1.0]",
    "EXPERIMENT.TUNING_ITER", "2",
    "EXPERIMENT.CONTROL_WORLDS", "['iid']",
    "EXPERIMENT.SEEDS", "[1, 2]",
    "EXPERIMENT.WEIGHTS_DIR", "",
    "EXPERIMENT.TUNING.GRID", "[[0.1, 0.0, 0.0], [0.2, 0.5, 0.5]]",
    "EXPERIMENT.HEADLINE_MODELS", "['mse', 'full']",
    "EXPERIMENT.CONTROL_MODELS", "['mse']",
    "MODEL.RESNETS.STEM_OUT_CHANNELS", "8",
    "MODEL.RESNETS.RES2_OUT_CHANNELS", "8",
    "MODEL.FPN.OUT_CHANNELS", "8",
    "MODEL.ROI_DENSEPOSE_HEAD.CONV_HEAD_DIM", "8",
    "MODEL.ROI_DENSEPOSE_HEAD.HEATMAP_SIZE", "16",
    "SOLVER.IMS_PER_BATCH", "4",
    "SOLVER.MAX_ITER", "4",
    "SOLVER.WARMUP_ITERS", "1",
)  # fmt: skip
"""Overrides of configs/experiments/four_losses.yaml for a run of seconds: 2 + 2 cells of tuning
and 2 x (2 + 1) others."""


def make_crop_data(root: Path) -> Path:
    """Write the data set and a surface below `root`; the data set's folder."""
    folder = root / NAME
    rng = np.random.default_rng(0)
    first_id = 1
    for split, count in (("train", NUM_TRAIN), ("val", NUM_VAL)):
        (folder / "images" / split).mkdir(parents=True)
        images, annotations = [], []
        for index in range(count):
            name = f"{split}/{index:06d}.png"
            pixels = rng.integers(0, 256, (70, 100, 3), dtype=np.uint8)
            cv2.imwrite(os.fspath(folder / "images" / name), cv2.GaussianBlur(pixels, (5, 5), 2))
            images.append({"id": first_id + index, "file_name": name, "height": 70, "width": 100})
            for box in BOXES:
                identity = {"id": first_id + len(annotations), "image_id": first_id + index}
                annotations.append(identity | draw_annotation(rng, box))
        for world in WORLDS:
            content = {"images": images, "annotations": [in_world(a, world) for a in annotations]}
            (folder / f"{split}_{world}.json").write_text(json.dumps(content))
        first_id = 1_000_001
    make_tiny_surface(cells=3).save(root / SURFACE_FILE_NAME)
    return folder


def draw_annotation(rng, box) -> dict:
    """A person whose labels are the truth; the last points of the list are on charts 1 and 2."""
    count = int(rng.integers(12, 20))
    part = np.sort(rng.integers(1, 25, count))[::-1]
    uv = rng.uniform(0.1, 0.9, (count, 2))
    masks = []
    for coarse in range(14):
        mask = np.zeros((256, 256), dtype=np.uint8, order="F")
        mask[coarse * 18 : coarse * 18 + 18, 40:150] = 1
        encoded = mask_api.encode(mask)
        masks.append(encoded | {"counts": encoded["counts"].decode()})
    masks[5] = []
    return {
        "bbox": list(box),
        "area": box[2] * box[3],
        "iscrowd": 0,
        "category_id": 1,
        "dp_x": rng.uniform(0, 255, count).tolist(),
        "dp_y": rng.uniform(0, 255, count).tolist(),
        "dp_I": part.tolist(),
        "dp_U": uv[:, 0].tolist(),
        "dp_V": uv[:, 1].tolist(),
        "dp_U_true": uv[:, 0].tolist(),
        "dp_V_true": uv[:, 1].tolist(),
        "dp_masks": masks,
        "dp_noise": {"shared_variance": [0.0] * count},
    }


def in_world(annotation: dict, world: str) -> dict:
    """The person's labels in a world: in `annotator` shifted, and the first one on chart 1."""
    if world != "annotator":
        return annotation
    shared = (0.0001 * np.array(annotation["dp_I"])).tolist()
    return annotation | {
        "dp_I_true": annotation["dp_I"],
        "dp_I": [1, *annotation["dp_I"][1:]],
        "dp_U": [u + 0.05 for u in annotation["dp_U"]],
        "dp_noise": {"shared_variance": shared},
    }
