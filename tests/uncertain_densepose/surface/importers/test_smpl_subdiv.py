"""DensePose's subdivided SMPL, in files of the same form."""

import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.surface.importers.densepose_files import (
    chart_vertices,
    write_distances,
    write_subdiv,
    y_up,
)
from uncertain_densepose.surface import ChartLookup, Surface
from uncertain_densepose.surface.importers import (
    SurfaceSourceError,
    convert_distance_pickle,
    read_smpl_subdiv,
    surface_of_mesh,
)


@pytest.fixture(scope="module")
def board():
    return make_tiny_surface(cells=3)


def test_the_body_comes_back(tmp_path, board):
    mesh = read_smpl_subdiv(*write_subdiv(tmp_path, board))
    np.testing.assert_allclose(mesh.vertices, board.vertices, atol=1e-7)
    assert np.array_equal(mesh.faces, board.faces)
    assert np.array_equal(mesh.face_part, board.face_part)
    np.testing.assert_allclose(mesh.face_uv, board.face_uv, atol=1e-7)


def test_arrays_may_lie_either_way(tmp_path, board):
    upright = read_smpl_subdiv(*write_subdiv(tmp_path, board))
    fields = write_fields(board)
    turned = read_smpl_subdiv(
        *write_subdiv(tmp_path, board, vertex=fields["vertex"].T, faces=fields["faces"].T)
    )
    assert np.array_equal(turned.vertices, upright.vertices)
    assert np.array_equal(turned.faces, upright.faces)


def write_fields(board):
    body_vertex, part, uv, faces = chart_vertices(board)
    return {
        "vertex": y_up(board.vertices[body_vertex]).T,
        "faces": (faces + 1).T,
        "part": part[:, None],
        "index": (body_vertex + 1)[:, None],
    }


def reference_distance(table: np.ndarray, n: int, a: int, b: int) -> float:
    """DensePose's evaluator, `getDistancesUV`: vertices count from 1, places from the end."""
    i, j = a - 1, b - 1
    if i == j:
        return 0.0
    i, j = n - max(i, j) - 1, n - min(i, j) - 1
    k = (n * (n - 1) / 2) - (n - i) * ((n - i) - 1) / 2 + j - i - 1
    k = (n * n - n) / 2 - k - 1
    return float(table[int(k)])


def test_every_distance_is_that_of_the_reference(tmp_path, board):
    """Random distances, so that no other entry can be mistaken for the right one."""
    count = len(board.vertices)
    rng = np.random.default_rng(0)
    full = rng.permutation(count**2).reshape(count, count) / 2.0**12
    full = np.tril(full, -1) + np.tril(full, -1).T
    path = write_distances(tmp_path / "Pdist_matrix.pkl", full)
    table = convert_distance_pickle(path, tmp_path / "s.geodesics.npy", count)
    mesh = read_smpl_subdiv(*write_subdiv(tmp_path, board))
    surface_of_mesh(mesh, "smpl", table).save(tmp_path / "s.npz")
    surface = Surface.load(tmp_path / "s.npz")

    lower = full[np.tril_indices(count, -1)].astype(np.float16)
    vertices = np.arange(count)
    found = surface.geodesic_distance(vertices[:, None], vertices[None])
    expected = [
        [reference_distance(lower, count, a + 1, b + 1) for b in vertices] for a in vertices
    ]
    np.testing.assert_array_equal(found, np.array(expected, dtype=np.float32))
    # Chart coordinates find the vertices whose distances these are.
    corner = surface.faces[::7, 0]
    vertex = ChartLookup(surface).vertex(surface.face_part[::7], surface.face_uv[::7, 0])
    assert (found[vertex, corner] == 0).mean() > 0.95


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"U_subdiv": ...}, "SMPL_subdiv.mat: field 'U_subdiv' is missing"),
        ({"index": ...}, "SMPL_SUBDIV_TRANSFORM.mat: field 'index' is missing"),
        ({"V_subdiv": np.zeros((5, 1))}, "'V_subdiv' has shape"),
        ({"vertex": np.zeros((4, 4))}, "'vertex' has shape"),
        ({"vertex": np.full((9, 3), np.nan)}, "'vertex' is not an array of finite numbers"),
        ({"faces": "text"}, "'faces' is not an array of real numbers"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, board, changes, complaint):
    with pytest.raises(SurfaceSourceError, match=complaint):
        read_smpl_subdiv(*write_subdiv(tmp_path, board, **changes))


def test_indices_that_do_not_count_from_one(tmp_path, board):
    fields = write_fields(board)
    for name, array in (("faces", fields["faces"] - 1), ("index", fields["index"] - 1)):
        with pytest.raises(SurfaceSourceError, match=f"'{name}' has entries outside 1"):
            read_smpl_subdiv(*write_subdiv(tmp_path, board, **{name: array}))
    with pytest.raises(SurfaceSourceError, match="'Part_ID_subdiv' has entries outside 1..24"):
        read_smpl_subdiv(*write_subdiv(tmp_path, board, Part_ID_subdiv=fields["part"] + 20))


def test_files_that_do_not_belong_together(tmp_path, board):
    index = write_fields(board)["index"]
    with pytest.raises(SurfaceSourceError, match="leaves out some of the numbers"):
        read_smpl_subdiv(*write_subdiv(tmp_path, board, index=index * 2))
    with pytest.raises(SurfaceSourceError, match="do not belong together"):
        read_smpl_subdiv(*write_subdiv(tmp_path, board, index=index[::-1]))


def test_faces_across_charts_are_left_out(tmp_path, board):
    faces = write_fields(board)["faces"].copy()
    faces[0, 5] = faces[0, -1]
    mesh = read_smpl_subdiv(*write_subdiv(tmp_path, board, faces=faces))
    kept = np.delete(np.arange(len(board.faces)), 5)
    assert np.array_equal(mesh.faces, board.faces[kept])
    assert np.array_equal(mesh.face_part, board.face_part[kept])


def test_a_file_that_is_not_there_or_no_mat(tmp_path, board):
    subdiv, transform = write_subdiv(tmp_path, board)
    with pytest.raises(SurfaceSourceError, match="none.mat: no such file"):
        read_smpl_subdiv(tmp_path / "none.mat", transform)
    subdiv.write_text("not a .mat")
    with pytest.raises(SurfaceSourceError, match="SMPL_subdiv.mat: this is not a readable .mat"):
        read_smpl_subdiv(subdiv, transform)
