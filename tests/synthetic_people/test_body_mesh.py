"""The renderable mesh is the surface without holes, and clothes know nothing of the charts."""

import numpy as np
import pytest
import trimesh

from synthetic_people.body_mesh import EYE, MOUTH, SKIN
from synthetic_people.clothes import sample_outfit


@pytest.fixture(scope="module")
def mesh(person_maker):
    return person_maker.mesh


def test_two_eyes_and_a_mouth_are_closed(mesh):
    assert len(mesh.hole_loops) == 3
    closed = trimesh.Trimesh(mesh.rest_coordinates[:, :3], mesh.faces, process=False)
    assert closed.is_watertight and closed.is_winding_consistent
    assert {SKIN, EYE, MOUTH} == set(np.unique(mesh.face_kind))


def test_only_skin_has_chart_coordinates(mesh, embedded_surface):
    skin = mesh.face_kind == SKIN
    np.testing.assert_array_equal(mesh.face_uv[skin], embedded_surface.face_uv)
    assert np.isnan(mesh.face_uv[~skin]).all()
    assert np.isin(mesh.face_part[~skin], (23, 24)).all()
    assert (mesh.face_coarse[~skin] == 14).all()


def test_the_arm_coordinate_grows_from_shoulder_to_finger_tips(mesh, embedded_surface):
    arm = mesh.rest_coordinates[:, 3]

    def mean(*parts):
        return arm[np.unique(mesh.faces[np.isin(mesh.face_part, parts)])].mean()

    assert 0 < mean(15, 17) < mean(19, 21) < mean(4)
    assert mean(4) == pytest.approx(mean(3), abs=1e-3)
    assert mean(5, 6, 7, 8, 9, 10, 11, 12, 13, 14) == -1
    assert 0.2 < mesh.arm_lengths[0] < 0.35 and 0.4 < mesh.arm_lengths[1] < 0.65


def test_colour_does_not_follow_the_borders_of_parts(mesh):
    """Across the border of two charts colour changes as rarely as within them."""
    rng = np.random.default_rng(0)
    faces, centre = mesh.faces, mesh.rest_coordinates[mesh.faces].mean(axis=1)
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    owner = np.tile(np.arange(len(faces)), 3)
    order = np.lexsort(edges.T)
    first, second = owner[order][::2], owner[order][1::2]
    at_border = mesh.face_part[first] != mesh.face_part[second]
    changes = np.zeros(2)
    for _ in range(12):
        colour, _ = sample_outfit(rng, mesh).paint(centre, mesh.face_kind)
        jump = np.abs(colour[first] - colour[second]).max(axis=1) > 0.1
        changes += jump[at_border].mean(), jump[~at_border].mean()
    assert changes[0] < 3 * changes[1]


def test_people_dress_differently(mesh):
    rng = np.random.default_rng(1)
    mean, kind = [], np.zeros(len(mesh.rest_coordinates), np.uint8)
    for _ in range(20):
        colour, tilt = sample_outfit(rng, mesh).paint(mesh.rest_coordinates, kind)
        assert colour.min() >= 0 and colour.max() <= 1
        assert np.isfinite(tilt).all() and (tilt != 0).any()
        mean.append(colour.mean(axis=0))
    assert np.std(mean, axis=0).min() > 0.05
