"""What is read of a COCO file with keypoints, and what is refused."""

import json
import re

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.keypoints.keypoint_scene import (
    keypoint_file,
    keypoints_in,
    with_keypoints,
)
from tests.uncertain_densepose.evaluation.scene import unlabelled
from uncertain_densepose.evaluation.keypoints.keypoint_file import read_keypoint_set
from uncertain_densepose.structures.coco_annotation import AnnotationFileError

BOX = [10, 20, 40, 60]


def test_people_and_their_keypoints(tmp_path):
    people = [
        with_keypoints(1, 1, BOX),
        unlabelled(2, 1, [90, 0, 20, 30]),
        with_keypoints(3, 1, BOX, iscrowd=1),
        unlabelled(4, 3, BOX, keypoints=keypoints_in(BOX, flag=1)),
    ]
    found = read_keypoint_set(keypoint_file(tmp_path, people))
    assert [image.file_name for image in found.images] == ["1.jpg", "2.jpg", "3.jpg"]
    first, second, third = found.images
    assert first.visible.sum(axis=1).tolist() == [7, 0, 0]
    # Crowds and hidden keypoints are not measured.
    assert third.visible.sum() == 0 and len(second.keypoints) == 0
    # COCO counts from the first pixel's centre.
    np.testing.assert_array_equal(first.keypoints[0, 0], [30.5, 26.5, 2])
    assert all(mask is not None for mask in first.people.masks)


def test_only_images_of_some_names(tmp_path):
    people = [with_keypoints(1, 1, BOX), with_keypoints(2, 2, BOX)]
    path = keypoint_file(tmp_path, people)
    found = read_keypoint_set(path, re.compile(r"[23]\.jpg$"))
    assert [image.people.image_id for image in found.images] == [2, 3]
    assert [image.image_id for image in found.truth] == [2, 3]
    with pytest.raises(AnnotationFileError, match="no file name matches 'png'"):
        read_keypoint_set(path, re.compile("png"))


@pytest.mark.parametrize(
    "change, words",
    [
        ({"annotations": [unlabelled(1, 1, BOX)]}, "keypoints.*nobody in 3 images"),
        ({"images": [], "annotations": []}, "it lists none"),
        ({"categories": [{"id": 3, "name": "cat"}, {"id": 4, "name": "dog"}]}, "person"),
        ({"categories": None}, "COCO's format"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, change, words):
    path = keypoint_file(tmp_path, [with_keypoints(1, 1, BOX)])
    with open(path) as file:
        content = json.load(file) | change
    with open(path, "w") as file:
        json.dump(content, file)
    with pytest.raises(AnnotationFileError, match=f"keypoints.json: .*{words}"):
        read_keypoint_set(path)
