"""What a model answers at the visible keypoints of an image.

Detections are matched with people by their boxes alone, from the highest score down, as COCO does:
each takes the free person with whom it overlaps most, if by half at least. Everybody who is
annotated takes part, with and without keypoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np

from ...structures.mask_iou import WindowMask, mask_iou
from ...surface.metric import CM_PER_M
from ..points.matching import UNMATCHED, box_overlap, match_by_score
from ..points.surface_distance import SurfaceDistance
from .facing import trunk_facing
from .joints import ring_distance_m
from .keypoint_file import KeypointImage

_MIN_OVERLAP = 0.5


class FoundPerson(Protocol):
    """What is read of a detection; `inference.Person` has it. (h, w) is the person's window."""

    @property
    def box_xyxy(self) -> np.ndarray:
        """(4,) edges, pixels."""

    @property
    def score(self) -> float:
        """0..1."""

    @property
    def window(self) -> tuple[int, int, int, int]:
        """The columns x0..x1-1 and rows y0..y1-1 of the maps."""

    @property
    def part(self) -> np.ndarray:
        """(h, w) charts 1..24, 0 background."""

    @property
    def uv(self) -> np.ndarray:
        """(h, w, 2) chart units."""

    @property
    def sigma_cm(self) -> np.ndarray | None:
        """(h, w) centimetres."""

    @property
    def part_probability(self) -> np.ndarray:
        """(h, w) in 0..1."""


@dataclass(frozen=True)
class KeypointAnswers:
    """The answers at P visible keypoints.

    Attributes:
        image_id, annotation_id: (P,) int64.
        joint: (P,) int64, in `joints.JOINT_NAMES`.
        xy: (P, 2) float64 pixels.
        matched: (P,) bool, whether a detection stands for the person.
        facing: (P,) int64, of the person's trunk, see `facing.trunk_facing`.
        part: (P,) int64 charts 1..24; 0 for no answer: background, a point outside the detection's
            window, or a person without a detection.
        vertex: (P,) int32, `NOWHERE` for no answer.
        distance_cm: (P,) float64, see `joints.ring_distance_m`; infinite for no answer, NaN for
            eyes.
        sigma_cm, part_probability: (P,) float64, NaN for no answer; `sigma_cm` also for a model
            without uncertainty.
        score: (P,) float64 of the detection, NaN without one.
    """

    image_id: np.ndarray
    annotation_id: np.ndarray
    joint: np.ndarray
    xy: np.ndarray
    matched: np.ndarray
    facing: np.ndarray
    part: np.ndarray
    vertex: np.ndarray
    distance_cm: np.ndarray
    sigma_cm: np.ndarray
    part_probability: np.ndarray
    score: np.ndarray

    @staticmethod
    def cat(answers: Sequence[KeypointAnswers]) -> KeypointAnswers:
        """Those of several images, at least one."""
        names = [field.name for field in fields(KeypointAnswers)]
        return KeypointAnswers(*(np.concatenate([getattr(a, n) for a in answers]) for n in names))

    def __len__(self) -> int:
        return len(self.joint)


@dataclass(frozen=True)
class ImageAnswers:
    """What is kept of an image with G people and D detections.

    Attributes:
        keypoints: the answers at visible keypoints.
        match: (G,) int64 the detection of each person, `UNMATCHED` for none.
        measured: (G,) bool, people who have to be found: not crowds.
        with_keypoints: (G,) bool, those with visible keypoints.
        mask_iou: (M,) float64, of the people who were found and have a mask.
        num_false: detections that stand for nobody, and do not lie in a crowd by half.
    """

    keypoints: KeypointAnswers
    match: np.ndarray
    measured: np.ndarray
    with_keypoints: np.ndarray
    mask_iou: np.ndarray
    num_false: int

    @property
    def found(self) -> np.ndarray:
        """(G,) bool."""
        return self.match != UNMATCHED


def boxes_xywh(people: Sequence[FoundPerson]) -> np.ndarray:
    """(D, 4) float64 x, y, width, height in pixels."""
    edges = np.array([person.box_xyxy for person in people], dtype=np.float64).reshape(-1, 4)
    return np.concatenate([edges[:, :2], edges[:, 2:] - edges[:, :2]], axis=1)


def image_answers(
    image: KeypointImage,
    found: Sequence[FoundPerson],
    distance: SurfaceDistance,
    rings: tuple[np.ndarray, ...],
) -> ImageAnswers:
    """Match the detections of an image with its people and read them at the visible keypoints.

    Args:
        image: the annotations.
        found: D detections, the highest score first.
        distance: on the surface of the model.
        rings: of `joints.joint_rings` on it.
    """
    people = image.people
    overlap = box_overlap(boxes_xywh(found), people.boxes, people.iscrowd)
    match = match_by_score(overlap, ~people.iscrowd, _MIN_OVERLAP)
    in_crowd = (overlap[:, people.iscrowd] >= _MIN_OVERLAP).any(axis=1)
    stands_for_one = np.isin(np.arange(len(found)), match)
    return ImageAnswers(
        _keypoint_answers(image, found, match, distance, rings),
        match,
        ~people.iscrowd,
        np.asarray(image.visible.any(axis=1)),
        _mask_iou(image, found, match),
        int((~stands_for_one & ~in_crowd).sum()),
    )


def _keypoint_answers(
    image: KeypointImage,
    found: Sequence[FoundPerson],
    match: np.ndarray,
    distance: SurfaceDistance,
    rings: tuple[np.ndarray, ...],
) -> KeypointAnswers:
    person, joint = np.nonzero(image.visible)
    count, xy = len(joint), image.keypoints[person, joint, :2]
    part, uv = np.zeros(count, dtype=np.int64), np.full((count, 2), np.nan)
    sigma_cm, probability, score = (np.full(count, np.nan) for _ in range(3))
    for one in np.unique(person[match[person] != UNMATCHED]):
        detection, own = found[match[one]], np.flatnonzero(person == one)
        score[own] = detection.score
        x0, y0, x1, y1 = detection.window
        column, row = np.floor(xy[own]).astype(np.int64).T
        inside = (column >= x0) & (column < x1) & (row >= y0) & (row < y1)
        own, place = own[inside], (row[inside] - y0, column[inside] - x0)
        part[own], uv[own] = detection.part[place], detection.uv[place]
        probability[own] = detection.part_probability[place]
        if detection.sigma_cm is not None:
            sigma_cm[own] = detection.sigma_cm[place]
    vertex = distance.vertex(part, uv)
    return KeypointAnswers(
        image_id=np.full(count, image.people.image_id),
        annotation_id=image.people.annotation_id[person],
        joint=joint,
        xy=xy,
        matched=match[person] != UNMATCHED,
        facing=trunk_facing(image.keypoints)[person],
        part=part,
        vertex=vertex,
        distance_cm=CM_PER_M * ring_distance_m(distance, rings, joint, vertex),
        sigma_cm=sigma_cm,
        part_probability=probability,
        score=score,
    )


def _mask_iou(image: KeypointImage, found: Sequence[FoundPerson], match: np.ndarray) -> np.ndarray:
    """(M,) of the people who were found and have a mask: all parts against the annotated mask."""
    pairs = [(found[d], image.people.masks[g]) for g, d in enumerate(match) if d != UNMATCHED]
    overlaps = [
        mask_iou([WindowMask(one.window[0], one.window[1], one.part > 0)], [mask.decode()])[0, 0]
        for one, mask in pairs
        if mask is not None
    ]
    return np.array(overlaps, dtype=np.float64)
