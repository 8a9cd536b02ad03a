"""Visibility of keypoints in scenes where it is known."""

import numpy as np
import pytest
import trimesh

from synthetic_people.camera import Camera
from synthetic_people.joints import bone_rotations
from synthetic_people.keypoints import OCCLUDED, OUTSIDE, VISIBLE, keypoint_visibility
from synthetic_people.ray_caster import RayCaster

NOSE, LEFT_EYE, LEFT_EAR, RIGHT_EAR, LEFT_SHOULDER, RIGHT_SHOULDER = 0, 1, 3, 4, 5, 6
LEFT_WRIST, LEFT_HIP, RIGHT_HIP, LEFT_KNEE, LEFT_ANKLE, RIGHT_ANKLE = 9, 11, 12, 13, 15, 16


@pytest.fixture
def look(person_maker):
    """Visibility of the keypoints of a posed person, seen from a place."""

    def visibility(eye, angles=None, obstacle=None, focal=200):
        posed = person_maker.body.pose(None, bone_rotations(angles or {}, person_maker.rest))
        vertices = person_maker.mesh.close(posed.vertices[0])
        middle = np.array([0.0, 0.0, -0.05])
        camera = Camera.looking_at(
            np.array(eye, float), middle, focal_px=focal, width=256, height=256
        )
        meshes = [(vertices, person_maker.mesh.faces)]
        if obstacle is not None:
            meshes.append((obstacle.vertices, obstacle.faces))
        return keypoint_visibility(
            posed.keypoints[0], 0, camera, RayCaster(meshes), person_maker.mesh
        )

    return visibility


def test_everything_is_visible_from_the_front(look):
    flags = look((0, -3, 0))
    assert (flags == VISIBLE).all()


def test_the_face_is_hidden_from_behind(look):
    flags = look((0, 3, 0))
    assert (flags[[NOSE, LEFT_EYE, LEFT_EYE + 1]] == OCCLUDED).all()
    assert (flags[[LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_KNEE, LEFT_ANKLE]] == VISIBLE).all()


def test_the_far_side_is_hidden_from_the_side(look):
    flags = look((3, 0, 0.2))
    assert flags[LEFT_EAR] == flags[LEFT_SHOULDER] == VISIBLE
    assert flags[RIGHT_EAR] == flags[RIGHT_SHOULDER] == flags[RIGHT_HIP] == OCCLUDED


def test_a_board_hides_what_is_behind_it(look):
    board = trimesh.creation.box([2.0, 0.02, 0.8])
    board.apply_translation([0, -1.0, -0.6])
    flags = look((0, -3, 0), obstacle=board)
    assert (flags[[LEFT_KNEE, LEFT_ANKLE, RIGHT_ANKLE]] == OCCLUDED).all()
    assert (flags[[NOSE, LEFT_SHOULDER, LEFT_WRIST]] == VISIBLE).all()


def test_a_board_behind_the_person_hides_nothing(look):
    board = trimesh.creation.box([3.0, 0.02, 3.0])
    board.apply_translation([0, 1.0, 0])
    np.testing.assert_array_equal(look((0, -3, 0), obstacle=board), look((0, -3, 0)))


def test_an_own_hand_in_front_hides_a_joint(look):
    raised = {"left_shoulder_elevation": 90.0, "left_shoulder_azimuth": 90.0}
    # Seen along the raised arm the shoulder is behind the hand.
    assert look((0.25, -3, 0.45), raised)[LEFT_SHOULDER] == OCCLUDED
    assert look((0.25, -3, 0.45))[LEFT_SHOULDER] == VISIBLE


def test_keypoints_beyond_the_image_are_outside(look):
    flags = look((0, -3, 0), focal=700)
    assert flags[NOSE] == flags[LEFT_ANKLE] == OUTSIDE
    assert flags[LEFT_HIP] == VISIBLE
