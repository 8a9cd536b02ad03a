import dataclasses

import numpy as np
import pytest
from surface_factory import PATCH_SIZE_M, make_tiny_surface

from uncertain_densepose.surface import FLIP_PARTS, Surface


@pytest.fixture(scope="module")
def board() -> Surface:
    return make_tiny_surface(cells=2)


def test_save_and_load_give_every_field_back(board, tmp_path):
    path = tmp_path / "folder" / "board.npz"
    board.save(path)
    loaded = Surface.load(path)
    for field in dataclasses.fields(Surface):
        assert np.array_equal(getattr(loaded, field.name), getattr(board, field.name))
        assert type(getattr(loaded, field.name)) is type(getattr(board, field.name))


def test_save_leaves_no_temporary_file_and_replaces_an_old_one(board, tmp_path):
    path = tmp_path / "board.npz"
    path.write_text("old")
    board.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["board.npz"]
    assert Surface.load(path).name == "tiny-board"


def test_geodesic_distance_is_the_euclidean_one_on_a_board(board):
    vertices = np.arange(len(board.vertices))
    distance = board.geodesic_distance(vertices[:, None], vertices[None])
    expected = np.linalg.norm(board.vertices[:, None] - board.vertices[None], axis=2)
    assert distance.dtype == np.float32
    assert distance.shape == (len(vertices), len(vertices))
    np.testing.assert_allclose(distance, expected, rtol=1e-3)
    assert (np.diag(distance) == 0).all()
    assert np.array_equal(distance, distance.T)


def test_geodesic_distance_goes_through_the_nearest_table_vertices():
    sparse = make_tiny_surface(cells=2, table_stride=3)
    a, b = 1, 50
    table_a, table_b = (sparse.geodesic_vertices[sparse.nearest_geodesic[i]] for i in (a, b))
    expected = np.linalg.norm(sparse.vertices[table_a] - sparse.vertices[table_b])
    assert sparse.geodesic_distance(a, b) == pytest.approx(expected, rel=1e-3)
    assert table_a != a or table_b != b


def test_distance_from_nowhere_is_infinite(board):
    distance = board.geodesic_distance(np.array([-1, 3, -1]), np.array([3, -1, -1]))
    assert np.isinf(distance).all()


def test_distance_of_no_points_is_empty(board):
    assert board.geodesic_distance(np.zeros(0, int), np.zeros(0, int)).shape == (0,)


def test_chart_jacobian_reproduces_the_edges(board):
    jacobian = board.chart_jacobian()
    assert jacobian.shape == (len(board.faces), 3, 2)
    corners, uv = board.vertices[board.faces], board.face_uv
    for k in (1, 2):
        predicted = np.einsum("fij,fj->fi", jacobian, uv[:, k] - uv[:, 0])
        np.testing.assert_allclose(predicted, corners[:, k] - corners[:, 0], atol=1e-6)


def test_chart_jacobian_is_the_patch_size_over_the_chart_size(board):
    hand = board.face_part == 3
    np.testing.assert_allclose(
        board.chart_jacobian()[hand],
        np.broadcast_to([[PATCH_SIZE_M / 0.9, 0], [0, 0], [0, PATCH_SIZE_M / 0.9]], (8, 3, 2)),
        atol=1e-6,
    )


def test_chart_jacobian_of_a_degenerate_chart_is_finite(board):
    face_uv = board.face_uv.copy()
    face_uv[0] = face_uv[0, :1]
    jacobian = dataclasses.replace(board, face_uv=face_uv).chart_jacobian()
    assert np.isfinite(jacobian).all()


def test_mirror_uv_matches_the_mirror_of_the_vertices(board):
    uv_at = {}
    for face, part, uv in zip(board.faces, board.face_part, board.face_uv, strict=True):
        for vertex, corner_uv in zip(face, uv, strict=True):
            uv_at[int(part), int(vertex)] = corner_uv
    for (part, vertex), uv in uv_at.items():
        mirrored_part, mirrored_uv = board.mirror_uv(np.array(part), uv)
        assert mirrored_part == FLIP_PARTS[part]
        expected = uv_at[int(mirrored_part), int(board.mirror[vertex])]
        np.testing.assert_allclose(mirrored_uv, expected, atol=1e-6)


def test_mirror_uv_is_an_involution_and_keeps_types(board):
    rng = np.random.default_rng(0)
    part = rng.integers(0, 25, (4, 5)).astype(np.uint8)
    uv = rng.random((4, 5, 2), dtype=np.float32)
    once = board.mirror_uv(part, uv)
    twice = board.mirror_uv(*once)
    assert once[0].dtype == np.uint8 and once[1].dtype == np.float32
    assert np.array_equal(twice[0], part)
    np.testing.assert_allclose(twice[1], uv, atol=1e-6)
