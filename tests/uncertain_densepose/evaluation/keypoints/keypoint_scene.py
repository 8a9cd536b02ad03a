"""Hand-made keypoint files and answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.uncertain_densepose.evaluation.scene import coco, unlabelled, write
from uncertain_densepose.evaluation.keypoints.answers import KeypointAnswers
from uncertain_densepose.evaluation.keypoints.joints import JOINT_NAMES

UPRIGHT = {
    "nose": (0.5, 0.1), "left_shoulder": (0.7, 0.25), "right_shoulder": (0.3, 0.25),
    "left_hip": (0.6, 0.55), "right_hip": (0.4, 0.55), "left_knee": (0.6, 0.75),
    "right_ankle": (0.4, 0.95),
}  # fmt: skip
"""Joints of somebody who faces the camera, as fractions of the box."""


def keypoints_in(box, joints=UPRIGHT, flag=2) -> list[int]:
    """The 51 numbers of a COCO annotation; joints that are not named are not labelled."""
    values = np.zeros((17, 3), dtype=int)
    for name, (x, y) in joints.items():
        place = int(box[0] + x * box[2]), int(box[1] + y * box[3])
        values[JOINT_NAMES.index(name)] = *place, flag
    return values.ravel().tolist()


def with_keypoints(key, image_id, box, **fields) -> dict:
    """An annotation with the keypoints of `UPRIGHT`."""
    return unlabelled(key, image_id, box, keypoints=keypoints_in(box), num_keypoints=7) | fields


def keypoint_file(folder, annotations, num_images=3) -> str:
    """Path of a file with images 1 .. num_images."""
    return write(folder / "keypoints.json", coco(annotations, num_images))


@dataclass
class Detection:
    """A detection whose maps are given; by default one part all over the window."""

    box_xyxy: np.ndarray
    score: float
    window: tuple[int, int, int, int]
    part: np.ndarray
    uv: np.ndarray
    sigma_cm: np.ndarray | None
    part_probability: np.ndarray


def detection(box, score=0.9, part=2, sigma_cm=3.0, probability=0.8) -> Detection:
    """`part` at (0.5, 0.5) all over an XYWH box of whole pixels."""
    x, y, w, h = (int(value) for value in box)
    return Detection(
        box_xyxy=np.array([x, y, x + w, y + h], np.float32),
        score=score,
        window=(x, y, x + w, y + h),
        part=np.full((h, w), part),
        uv=np.full((h, w, 2), 0.5, np.float32),
        sigma_cm=None if sigma_cm is None else np.full((h, w), sigma_cm, np.float32),
        part_probability=np.full((h, w), probability, np.float32),
    )


def answers_of(joint, part, **fields) -> KeypointAnswers:
    """Answers at one joint each, by people who were found."""
    count = len(joint)
    values = {
        "image_id": np.ones(count, np.int64),
        "annotation_id": np.arange(count),
        "joint": np.array(joint),
        "xy": np.zeros((count, 2)),
        "matched": np.ones(count, bool),
        "facing": np.zeros(count, np.int64),
        "part": np.array(part),
        "vertex": np.zeros(count, np.int32),
        "distance_cm": np.zeros(count),
        "sigma_cm": np.ones(count),
        "part_probability": np.full(count, 0.5),
        "score": np.full(count, 0.9),
    }
    return KeypointAnswers(**values | fields)
