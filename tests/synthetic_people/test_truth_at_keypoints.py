"""What evaluation on keypoints says of the truth itself: the floor that docs/KEYPOINT_EVALUATION.md
gives. No model does better than this."""

import numpy as np
import pytest

from synthetic_people.keypoints import VISIBLE, keypoint_visibility
from synthetic_people.render import Renderer
from synthetic_people.scene import sample_scene
from synthetic_people.scene_kind import SceneKind
from uncertain_densepose.evaluation.keypoints.facing import (
    FACING_OF_PART,
    TELLING_JOINTS,
    trunk_facing,
)
from uncertain_densepose.evaluation.keypoints.joints import (
    JOINT_PARTS,
    joint_rings,
    ring_distance_m,
)
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance

pytestmark = pytest.mark.slow

NUM_SCENES, SIDE, ADULT_M = 150, 320, 1.7


def truth_in(scene, mesh):
    """Of each visible keypoint whose pixel shows its person: joint, part, vertex and facing."""
    renderer = Renderer(scene, mesh)
    seen = renderer.correspondences()
    for index, person in enumerate(scene.people):
        keypoints = np.zeros((17, 3))
        keypoints[:, :2] = scene.camera.project(person.keypoints)
        scale = person.stature_m / ADULT_M
        visibility = keypoint_visibility(
            person.keypoints, index, scene.camera, renderer.caster, mesh, scale
        )
        keypoints[:, 2] = visibility
        (facing,) = trunk_facing(keypoints[None])
        joint = np.flatnonzero(visibility == VISIBLE)
        column, row = np.floor(keypoints[joint, :2]).astype(int).T
        own = seen.person[row, column] == index
        face, weights = seen.face[row, column], seen.weights[row, column]
        vertex = mesh.faces[face, weights.argmax(axis=1)]
        values = joint, mesh.face_part[face], vertex, np.full(len(joint), facing)
        yield np.stack([*values, own], axis=1)


def test_the_truth_is_right(person_maker, embedded_surface):
    rows = [
        values
        for seed in range(NUM_SCENES)
        for values in truth_in(
            sample_scene(
                np.random.default_rng([7, seed]), person_maker, SceneKind(), width=SIDE, height=SIDE
            ),
            person_maker.mesh,
        )
    ]
    table = np.concatenate(rows)
    assert len(table) > 2500 and table[:, 4].mean() > 0.998
    joint, part, vertex, facing, _ = table[table[:, 4] == 1].T
    assert JOINT_PARTS[joint, part].mean() > 0.998

    distance = SurfaceDistance(embedded_surface)
    distance_m = ring_distance_m(distance, joint_rings(embedded_surface), joint, vertex)
    distance_m = distance_m[~np.isnan(distance_m)]
    assert (distance_m <= 0.1).mean() > 0.97 and (distance_m <= 0.2).mean() > 0.999
    assert distance_m.mean() < 0.03

    told = TELLING_JOINTS[joint] & (facing != 0) & (FACING_OF_PART[part] != 0)
    assert told.sum() > 300
    np.testing.assert_array_equal(FACING_OF_PART[part[told]], facing[told])
