"""Reading the people and keypoints of a COCO file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import numpy as np

from ...data.annotation_checks import Purpose
from ...data.annotation_file import read_screened
from ...structures.coco_annotation import AnnotationFileError
from ..ground_truth import AnnotatedImage, GroundTruth
from .joints import JOINT_NAMES

VISIBLE = 2
"""COCO's flag of a keypoint that the picture shows; 1 is one that is hidden, 0 not labelled."""

_TO_CENTRE_PX = 0.5
"""COCO counts pixels by their centres, of which the first is at 0."""


@dataclass(frozen=True)
class KeypointImage:
    """An image with G people.

    Attributes:
        file_name: of the image, as the file has it.
        people: their boxes and masks.
        keypoints: (G, 17, 3) float64, x and y in pixels, the first pixel's centre at (0.5, 0.5),
            and COCO's visibility; 0 for people without keypoints, and for crowds, which are not
            measured.
    """

    file_name: str
    people: AnnotatedImage
    keypoints: np.ndarray

    @property
    def visible(self) -> np.ndarray:
        """(G, 17) bool."""
        return self.keypoints[..., 2] == VISIBLE


@dataclass(frozen=True)
class KeypointSet:
    """The annotations of a file, or of some of its images.

    Attributes:
        truth: the people.
        images: the same with keypoints, in the order of their ids.
    """

    truth: GroundTruth
    images: tuple[KeypointImage, ...]


def read_keypoint_set(
    json_file: str | os.PathLike, names: re.Pattern[str] | None = None
) -> KeypointSet:
    """Read a COCO file with keypoints, of which all that evaluation of dense pose uses is checked.

    Args:
        json_file: such as COCO's `person_keypoints_val2017.json`.
        names: only images in whose file name it is found.

    Raises:
        OSError: the file cannot be read.
        AnnotationFileError: it is not a COCO file, has no category of people, no image is left, or
            nobody in the images has a visible keypoint.
    """
    content, screened = read_screened(json_file, Purpose.EVALUATION)
    truth = GroundTruth.of_screened(json_file, content, screened)
    kept = [one for one in screened.images if names is None or names.search(one["file_name"])]
    if not kept:
        which = "it lists none" if names is None else f"no file name matches {names.pattern!r}"
        raise AnnotationFileError(f"{json_file}: no image is left to be measured: {which}")
    images = tuple(
        KeypointImage(one["file_name"], truth[one["id"]], _keypoints(screened.everybody[one["id"]]))
        for one in kept
    )
    if not any(image.visible.any() for image in images):
        raise AnnotationFileError(
            f"{json_file}: field 'keypoints': nobody in {len(images)} images has a visible one"
            " (v = 2)"
        )
    people = {image.people.image_id: image.people for image in images}
    other = truth.other_categories
    return KeypointSet(GroundTruth(truth.json_file, people, truth.categories, other), images)


def _keypoints(annotations: list[dict]) -> np.ndarray:
    """(G, 17, 3) of the checked annotations of an image."""
    keypoints = np.zeros((len(annotations), len(JOINT_NAMES), 3))
    for row, annotation in enumerate(annotations):
        if "keypoints" in annotation and not annotation["iscrowd"]:
            values = np.array(annotation["keypoints"], dtype=np.float64).reshape(-1, 3)
            keypoints[row] = values + [_TO_CENTRE_PX, _TO_CENTRE_PX, 0]
    return keypoints
