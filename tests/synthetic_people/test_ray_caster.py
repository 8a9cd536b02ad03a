"""First hits, checked against geometry that can be done by hand."""

import numpy as np
import pytest
import trimesh

from synthetic_people.ray_caster import RayCaster

TRIANGLE = (np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1]], float), np.array([[0, 1, 2]]))
# Embree divides by the processor's approximate reciprocal: the last bits are the processor's.
ROUNDING = 1e-6


def test_weights_rebuild_the_point_that_was_hit():
    directions = np.array([[0.2, 0.3, 1.0], [2.0, 2.0, 1.0], [0.6, 0.1, 1.0]])
    hits = RayCaster([TRIANGLE]).first_hits(np.zeros(3), directions)
    assert hits.mesh.tolist() == [0, -1, 0]
    assert hits.face.tolist() == [0, -1, 0]
    np.testing.assert_allclose(hits.distance, [1, np.inf, 1], rtol=ROUNDING)
    vertices, faces = TRIANGLE
    for ray in (0, 2):
        np.testing.assert_allclose(
            hits.weights[ray] @ vertices[faces[0]], directions[ray], atol=1e-6
        )


def test_the_nearer_mesh_wins_and_left_out_faces_keep_the_numbers():
    far = (TRIANGLE[0] * [1, 1, 2], np.array([[0, 2, 1], [0, 1, 2]]))
    ray = np.array([[0.1, 0.1, 1.0]])
    assert RayCaster([far, TRIANGLE]).first_hits(np.zeros(3), ray).mesh[0] == 1
    hits = RayCaster([far, TRIANGLE], [np.array([False, True]), np.array([False])]).first_hits(
        np.zeros(3), ray
    )
    assert (hits.mesh[0], hits.face[0]) == (0, 1)
    assert hits.distance[0] == pytest.approx(2, rel=ROUNDING)


def test_leaving_out_the_far_side_of_a_closed_body_changes_nothing():
    ball = trimesh.creation.icosphere(subdivisions=3)
    mesh = (ball.vertices, ball.faces)
    eye = np.array([0.0, -4.0, 0.3])
    facing = ((eye - ball.triangles[:, 0]) * ball.face_normals).sum(axis=1) > 0
    rays = np.random.default_rng(0).normal([0, 4, -0.3], 0.5, size=(2000, 3))
    whole = RayCaster([mesh]).first_hits(eye, rays)
    half = RayCaster([mesh], [facing]).first_hits(eye, rays)
    assert 0.3 < facing.mean() < 0.5
    np.testing.assert_array_equal(whole.mesh, half.mesh)
    np.testing.assert_allclose(whole.distance, half.distance, rtol=1e-4)


def test_blocked_and_empty_input():
    caster = RayCaster([TRIANGLE])
    rays = np.array([[0.2, 0.3, 1.0], [0.2, 0.3, -1.0]])
    assert caster.blocked(np.zeros(3), rays).tolist() == [True, False]
    assert len(caster.first_hits(np.zeros(3), np.zeros((0, 3))).mesh) == 0
    assert RayCaster([]).first_hits(np.zeros(3), rays).mesh.tolist() == [-1, -1]
    assert RayCaster([]).blocked(np.zeros(3), rays).tolist() == [False, False]
