import numpy as np
import pytest

from synthetic_people.body import COCO_KEYPOINT_NAMES
from uncertain_densepose.evaluation.ground_truth.visibility import (
    UNKNOWN,
    point_visibility,
    read_visibility,
)
from uncertain_densepose.structures.coco_annotation import AnnotationError
from uncertain_densepose.surface import FLIP_PARTS, PART_NAMES

JOINTS = {
    "torso": ("left_shoulder", "right_shoulder", "left_hip", "right_hip"),
    "hand": ("wrist",),
    "foot": ("ankle",),
    "upper leg": ("hip", "knee"),
    "lower leg": ("knee", "ankle"),
    "upper arm": ("shoulder", "elbow"),
    "lower arm": ("elbow", "wrist"),
    "head": ("nose",),
}


@pytest.mark.parametrize("part", range(1, 25))
def test_every_part_has_the_joints_of_its_limb(part):
    (joints,) = [names for limb, names in JOINTS.items() if limb in PART_NAMES[part]]
    if len({name.split("_")[0] for name in joints} & {"left", "right", "nose"}) == 0:
        side = "left" if "left" in PART_NAMES[part] else "right"
        joints = tuple(f"{side}_{name}" for name in joints)
    for index, name in enumerate(COCO_KEYPOINT_NAMES):
        flags = np.full(17, 2)
        flags[index] = 1
        expected = 1 if name in joints else 2
        assert point_visibility(np.array([part]), flags).tolist() == [expected]
    assert FLIP_PARTS[FLIP_PARTS[part]] == part


def test_the_least_visible_joint_decides():
    flags = np.full(17, 2)
    flags[5], flags[7] = 1, 0
    # Upper arm left: shoulder hidden, elbow unlabelled; torso: shoulder hidden; right hand.
    np.testing.assert_array_equal(point_visibility(np.array([15, 1, 3]), flags), [0, 1, 2])


def test_without_keypoints_it_is_unknown():
    assert read_visibility({}) is None
    assert read_visibility({"keypoints": [1, 2, 2] * 14}) is None
    np.testing.assert_array_equal(point_visibility(np.array([3, 4]), None), [UNKNOWN] * 2)


def test_flags_are_read_and_checked():
    keypoints = [value for flag in [2.0, 1, 0] + [2] * 14 for value in (5, 5, flag)]
    assert read_visibility({"keypoints": keypoints})[:4].tolist() == [2, 1, 0, 2]
    keypoints[2] = 4
    with pytest.raises(AnnotationError, match="'keypoints'.*0, 1 or 2"):
        read_visibility({"keypoints": keypoints})
