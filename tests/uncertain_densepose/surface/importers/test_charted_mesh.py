"""A surface from a mesh alone."""

import numpy as np
import pytest

from tests.surface_factory import board_mesh
from uncertain_densepose.surface import Surface
from uncertain_densepose.surface.importers import ChartedMesh, SurfaceSourceError, surface_of_mesh
from uncertain_densepose.surface.importers.charted_mesh import only_used_vertices, y_up_to_z_up


def board() -> ChartedMesh:
    fields = board_mesh(cells=3)
    return ChartedMesh(*(fields[k] for k in ("vertices", "faces", "face_part", "face_uv")))


def test_distances_are_computed_and_the_result_can_be_saved(tmp_path):
    mesh, seen = board(), []
    surface = surface_of_mesh(
        mesh, "a board", spacing_m=0.05, progress=lambda done, total: seen.append((done, total))
    )
    surface.save(tmp_path / "s.npz")
    assert Surface.load(tmp_path / "s.npz").name == "a board"
    assert sum(done for done, _ in seen) == seen[0][1] == len(surface.geodesic_vertices)
    a, b = surface.geodesic_vertices[[0, -1]]
    straight = np.linalg.norm(mesh.vertices[a] - mesh.vertices[b])
    assert surface.geodesic_distance(a, b) == pytest.approx(straight, rel=0.03)


def test_a_mesh_in_pieces_is_refused():
    mesh = board()
    torso = mesh.face_part != 2
    vertices, faces = only_used_vertices(mesh.vertices, mesh.faces[torso])
    pieces = ChartedMesh(vertices, faces, mesh.face_part[torso], mesh.face_uv[torso])
    with pytest.raises(SurfaceSourceError, match="a board: the mesh is in 2 pieces"):
        surface_of_mesh(pieces, "a board")


def test_turned_upright_left_stays_left_up_is_up_and_the_front_faces_minus_y():
    left, up, front = np.eye(3)
    turned = y_up_to_z_up(np.stack([left, up, front]))
    np.testing.assert_array_equal(turned, [[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    assert np.linalg.det(turned) == 1


def test_unused_vertices_are_left_out():
    vertices, faces = only_used_vertices(np.arange(15).reshape(5, 3), np.array([[4, 0, 2]]))
    assert vertices[faces].tolist() == [[[12, 13, 14], [0, 1, 2], [6, 7, 8]]]
    assert len(vertices) == 3
