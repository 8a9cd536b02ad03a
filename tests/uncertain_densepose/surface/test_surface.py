import dataclasses
import zipfile

import numpy as np
import pytest

from tests.surface_factory import PATCH_SIZE_M, make_tiny_surface
from uncertain_densepose.surface import Surface, SurfaceFileError
from uncertain_densepose.surface.distances_on_disk import DistancesOnDisk
from uncertain_densepose.surface.surface_file import SurfaceFieldError, is_mirror_symmetric


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


def test_charts_alone_are_the_surface_but_for_its_distances(board, tmp_path):
    board.without_distances().save(tmp_path / "charts.npz")
    charts = Surface.load(tmp_path / "charts.npz")
    assert board.has_distances and not charts.has_distances
    for field in dataclasses.fields(Surface):
        kept = getattr(charts, field.name)
        if "geodesic" in field.name:
            assert len(kept) == 0
        else:
            assert np.array_equal(kept, getattr(board, field.name))


@pytest.mark.parametrize("points", [[0, 3], [-1, -1], []], ids=["some", "nowhere", "none"])
def test_nothing_is_measured_on_charts_alone(board, points):
    with pytest.raises(SurfaceFileError, match=r"'tiny-board' holds charts alone.*build_surface"):
        board.without_distances().geodesic_distance(np.array(points, int), np.array(points, int))


def test_distances_are_required_of_a_file_by_its_name(board):
    board.require_distances("board.npz")
    with pytest.raises(SurfaceFileError, match=r"^charts\.npz: holds charts alone"):
        board.without_distances().require_distances("charts.npz")


def test_charts_alone_are_compressed_and_their_file_bears_no_date(board, tmp_path):
    board.without_distances().save(tmp_path / "charts.npz")
    with zipfile.ZipFile(tmp_path / "charts.npz") as archive:
        members = archive.infolist()
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    faces = next(member for member in members if member.filename == "faces.npy")
    assert faces.compress_size < faces.file_size / 2


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


@pytest.fixture
def stored(board, tmp_path) -> Surface:
    """The board with its table on disk."""
    path = tmp_path / "board.geodesics.npy"
    table = DistancesOnDisk.write(path, [board.geodesic_m], len(board.geodesic_m))
    return dataclasses.replace(board, geodesic_m=table)


def test_a_table_beside_the_file_answers_as_one_within(board, stored, tmp_path):
    stored.save(tmp_path / "board.npz")
    loaded = Surface.load(tmp_path / "board.npz")
    assert isinstance(loaded.geodesic_m, DistancesOnDisk)
    a, b = np.random.default_rng(0).integers(-1, len(board.vertices), (2, 50, 40))
    np.testing.assert_array_equal(loaded.geodesic_distance(a, b), board.geodesic_distance(a, b))


def test_file_and_table_move_together(stored, tmp_path):
    stored.save(tmp_path / "board.npz")
    moved = tmp_path / "moved"
    moved.mkdir()
    (tmp_path / "board.npz").rename(moved / "board.npz")
    with pytest.raises(SurfaceFileError, match=r"board\.geodesics\.npy, which is missing"):
        Surface.load(moved / "board.npz")
    (tmp_path / "board.geodesics.npy").rename(moved / "board.geodesics.npy")
    assert Surface.load(moved / "board.npz").name == "tiny-board"


def test_a_table_in_another_folder_is_not_referred_to(stored, tmp_path):
    with pytest.raises(SurfaceFieldError, match="must be in the folder of"):
        stored.save(tmp_path / "elsewhere" / "board.npz")


@pytest.mark.parametrize("name", ["../table.npy", "/etc/passwd", "table/../table.npy"])
def test_a_table_is_named_without_a_folder(stored, tmp_path, name):
    path = tmp_path / "board.npz"
    stored.save(path)
    with np.load(path) as archive:
        fields = dict(archive)
    np.savez(path, **(fields | {"geodesic_file": np.array(name)}))
    with pytest.raises(SurfaceFileError, match="not the name of a file beside"):
        Surface.load(path)


def test_a_table_of_other_vertices_is_refused(board, stored, tmp_path):
    short = DistancesOnDisk.write(tmp_path / "short.npy", [board.geodesic_m[:-1]], 9044)
    with pytest.raises(SurfaceFieldError, match="geodesic_m.*shape"):
        dataclasses.replace(stored, geodesic_m=short).save(tmp_path / "board.npz")


def test_a_surface_need_not_be_its_own_mirror_image(board, tmp_path):
    lopsided = dataclasses.replace(
        board, vertices=board.vertices + 1, mirror=np.zeros(0, dtype=np.int32)
    )
    lopsided.save(tmp_path / "lopsided.npz")
    loaded = Surface.load(tmp_path / "lopsided.npz")
    assert not len(loaded.mirror)
    board.save(tmp_path / "board.npz")
    assert is_mirror_symmetric(tmp_path / "board.npz")
    assert not is_mirror_symmetric(tmp_path / "lopsided.npz")
    with pytest.raises(SurfaceFileError, match="none.npz"):
        is_mirror_symmetric(tmp_path / "none.npz")
