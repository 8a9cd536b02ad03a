"""Angles of joints turn into the body postures that their names promise."""

import numpy as np
import pytest

from synthetic_people.joints import (
    EXTENSION_LIMIT_DEG,
    JOINT_LIMITS_DEG,
    SIDES,
    bone_rotations,
    clip_to_limits,
)

NOSE, SHOULDER, ELBOW, WRIST, HIP, KNEE, ANKLE = 0, 5, 7, 9, 11, 13, 15


def both_sides(**angles):
    return {f"{side}_{joint}": value for side in SIDES for joint, value in angles.items()}


@pytest.fixture
def keypoints(person_maker):
    def pose(angles):
        rotations = bone_rotations(angles, person_maker.rest)
        return person_maker.body.pose(None, rotations).keypoints[0]

    return pose


def direction(keypoints, start, end):
    offset = keypoints[end] - keypoints[start]
    return offset / np.linalg.norm(offset)


def test_rotations_are_rotations(person_maker):
    rng = np.random.default_rng(0)
    angles = {name: rng.uniform(*limits) for name, limits in JOINT_LIMITS_DEG.items()}
    for matrix in bone_rotations(angles, person_maker.rest).values():
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(matrix) == pytest.approx(1)


def test_no_angles_is_standing_upright_with_hanging_arms(keypoints):
    standing = keypoints({})
    assert direction(standing, SHOULDER, ELBOW)[2] < -0.95
    assert direction(standing, ELBOW, WRIST)[2] < -0.9
    assert direction(standing, HIP, ANKLE)[2] < -0.98


@pytest.mark.parametrize(
    ("angles", "bone", "expected"),
    [
        ({"shoulder_elevation": 90}, (SHOULDER, ELBOW), (1, 0, 0)),
        ({"shoulder_elevation": 90, "shoulder_azimuth": 90}, (SHOULDER, ELBOW), (0, -1, 0)),
        ({"shoulder_elevation": 150}, (SHOULDER, ELBOW), (0.5, 0, 0.87)),
        ({"elbow_flexion": 90}, (ELBOW, WRIST), (0, -1, 0)),
        ({"hip_flexion": 90}, (HIP, KNEE), (0, -1, 0)),
        ({"knee_flexion": 90}, (KNEE, ANKLE), (0, 1, 0)),
        ({"hip_abduction": 45}, (HIP, KNEE), (0.7, 0, -0.7)),
    ],
)
def test_limbs_point_where_their_angles_say(keypoints, angles, bone, expected):
    left = direction(keypoints(both_sides(**angles)), *bone)
    assert left @ np.array(expected) > 0.93 * np.linalg.norm(expected)


def test_sides_are_mirror_images(keypoints):
    rng = np.random.default_rng(1)
    one_arm = {"shoulder_elevation": 70, "elbow_flexion": 60, "shoulder_rotation": 30}
    one_arm |= {"hip_flexion": rng.uniform(0, 60), "knee_flexion": 40, "hip_rotation": 20}
    pose = keypoints(both_sides(**one_arm))
    mirrored = pose[[0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]] * [-1, 1, 1]
    np.testing.assert_allclose(pose, mirrored, atol=2e-3)


def test_inward_rotation_brings_the_hands_together(keypoints):
    arms = {"shoulder_elevation": 20, "shoulder_azimuth": 40, "elbow_flexion": 80}

    def distance_of_wrists(rotation):
        pose = keypoints(both_sides(shoulder_rotation=rotation, **arms))
        return np.linalg.norm(pose[WRIST] - pose[WRIST + 1])

    assert distance_of_wrists(50) < distance_of_wrists(0) < distance_of_wrists(-50)


def test_spine_flexion_bends_forwards_and_twist_turns_left(keypoints):
    bent = keypoints({"spine_flexion": 40})
    assert bent[NOSE, 1] < keypoints({})[NOSE, 1] - 0.15
    assert keypoints({"neck_twist": 60})[NOSE, 0] > 0.05


def test_angles_outside_their_limits_are_refused(person_maker):
    with pytest.raises(ValueError, match="left_knee_flexion.*-10.*outside"):
        bone_rotations({"left_knee_flexion": -10}, person_maker.rest)
    with pytest.raises(ValueError, match="unknown joint angle 'tail'"):
        bone_rotations({"tail": 0}, person_maker.rest)


def test_clipping_brings_a_pose_within_the_limits():
    wild = dict.fromkeys(JOINT_LIMITS_DEG, 1000.0)
    assert clip_to_limits(wild) == {name: high for name, (_, high) in JOINT_LIMITS_DEG.items()}
    backwards = {"left_shoulder_elevation": 120.0, "left_shoulder_azimuth": -30.0}
    assert clip_to_limits(backwards)["left_shoulder_elevation"] == EXTENSION_LIMIT_DEG
