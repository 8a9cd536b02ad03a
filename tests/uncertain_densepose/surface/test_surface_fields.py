"""One test per way in which a surface file can be wrong."""

import dataclasses
import zipfile

import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface import Surface, SurfaceFileError
from uncertain_densepose.surface.paths import SMPL_SURFACE_FILE_NAME, SURFACE_FILE_NAME

FIELDS = [field.name for field in dataclasses.fields(Surface)]


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """The fields of a valid file, for a test to spoil."""
    board = make_tiny_surface(cells=1)
    fields = {name: np.array(getattr(board, name), copy=True) for name in FIELDS}
    return fields


def load_error(tmp_path, arrays: dict[str, np.ndarray], field: str) -> str:
    """The message of loading these arrays; it must name the file, the field and the remedy."""
    path = tmp_path / "board.npz"
    np.savez(path, **arrays)
    with pytest.raises(SurfaceFileError) as caught:
        Surface.load(path)
    message = str(caught.value)
    assert str(path) in message
    assert f"field '{field}'" in message
    assert "import the surface anew" in message
    return message


def test_the_unspoilt_file_loads(tmp_path, arrays):
    np.savez(tmp_path / "board.npz", **arrays)
    assert Surface.load(tmp_path / "board.npz").name == "tiny-board"


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field(tmp_path, arrays, field):
    del arrays[field]
    assert "missing" in load_error(tmp_path, arrays, field)


@pytest.mark.parametrize("field", [f for f in FIELDS if f not in ("name", "part_names")])
def test_a_wrong_type(tmp_path, arrays, field):
    arrays[field] = arrays[field].astype(np.float64)
    assert "float64" in load_error(tmp_path, arrays, field)


@pytest.mark.parametrize("field", ["name", "part_names"])
def test_a_text_field_that_is_no_text(tmp_path, arrays, field):
    arrays[field] = np.zeros(25)
    assert "text" in load_error(tmp_path, arrays, field)


@pytest.mark.parametrize(
    "field", ["face_part", "face_uv", "mirror", "nearest_geodesic", "geodesic_m", "part_names"]
)
def test_an_array_that_is_one_entry_short(tmp_path, arrays, field):
    arrays[field] = arrays[field][:-1]
    load_error(tmp_path, arrays, field)


def test_a_table_of_another_subset(tmp_path, arrays):
    arrays["geodesic_vertices"] = arrays["geodesic_vertices"][:-1]
    assert "shape" in load_error(tmp_path, arrays, "geodesic_m")


@pytest.mark.parametrize("kept", ["nearest_geodesic", "geodesic_m"])
def test_a_table_that_is_empty_in_part(tmp_path, arrays, kept):
    for field in {"geodesic_vertices", "nearest_geodesic", "geodesic_m"} - {kept}:
        arrays[field] = arrays[field][:0]
    assert "expected (0,)" in load_error(tmp_path, arrays, kept)


def test_vertices_of_a_table_without_the_table(tmp_path, arrays):
    arrays["nearest_geodesic"] = arrays["nearest_geodesic"][:0]
    load_error(tmp_path, arrays, "nearest_geodesic")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("faces", -1),
        ("faces", 10_000),
        ("face_part", 0),
        ("face_part", 25),
        ("mirror", 10_000),
        ("geodesic_vertices", -1),
        ("nearest_geodesic", 10_000),
    ],
)
def test_an_index_out_of_range(tmp_path, arrays, field, value):
    arrays[field].flat[0] = value
    assert "expected" in load_error(tmp_path, arrays, field)


def test_an_empty_chart(tmp_path, arrays):
    arrays["face_part"][arrays["face_part"] == 12] = 11
    assert "[12]" in load_error(tmp_path, arrays, "face_part")


@pytest.mark.parametrize("value", [-0.01, 1.01])
def test_uv_outside_of_the_unit_square(tmp_path, arrays, value):
    arrays["face_uv"][3, 1, 0] = value
    assert "0..1" in load_error(tmp_path, arrays, "face_uv")


@pytest.mark.parametrize("field", ["vertices", "face_uv", "geodesic_m"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(tmp_path, arrays, field, value):
    arrays[field].flat[5] = value
    assert "not finite" in load_error(tmp_path, arrays, field)


def test_a_negative_distance(tmp_path, arrays):
    arrays["geodesic_m"][4] = -0.5
    assert "negative" in load_error(tmp_path, arrays, "geodesic_m")


def test_a_table_vertex_named_twice(tmp_path, arrays):
    arrays["geodesic_vertices"][1] = arrays["geodesic_vertices"][0]
    assert "twice" in load_error(tmp_path, arrays, "geodesic_vertices")


def test_a_table_vertex_that_is_not_its_own_nearest(tmp_path, arrays):
    arrays["nearest_geodesic"][2] = 3
    assert "itself" in load_error(tmp_path, arrays, "nearest_geodesic")


def test_a_mirror_that_is_no_involution(tmp_path, arrays):
    arrays["mirror"] = np.roll(arrays["mirror"], 1)
    assert "involution" in load_error(tmp_path, arrays, "mirror")


def test_a_mirror_that_does_not_reflect(tmp_path, arrays):
    arrays["mirror"] = np.arange(len(arrays["mirror"]), dtype=np.int32)
    assert "reflection" in load_error(tmp_path, arrays, "mirror")


def test_vertices_that_are_almost_symmetric(tmp_path, arrays):
    arrays["vertices"][0, 0] += np.float32(1e-6)
    load_error(tmp_path, arrays, "mirror")


def test_faces_that_the_mirror_does_not_keep(tmp_path, arrays):
    arrays["faces"][0] = arrays["faces"][0][[0, 1, 1]]
    assert "closed" in load_error(tmp_path, arrays, "faces")


def test_parts_that_the_mirror_does_not_flip(tmp_path, arrays):
    first_hand_face = np.flatnonzero(arrays["face_part"] == 3)[0]
    arrays["face_part"][first_hand_face] = 4
    assert "flip" in load_error(tmp_path, arrays, "face_part")


def test_a_left_chart_that_is_not_its_right_twin(tmp_path, arrays):
    left_hand = np.flatnonzero(arrays["face_part"] == 4)
    arrays["face_uv"][left_hand, :, 0] = 1 - arrays["face_uv"][left_hand, :, 0]
    assert "mirror-symmetric" in load_error(tmp_path, arrays, "face_uv")


def test_a_torso_chart_that_is_not_symmetric(tmp_path, arrays):
    torso = arrays["face_part"] == 1
    arrays["face_uv"][torso, :, 0] *= np.float32(0.9)
    assert "mirror-symmetric" in load_error(tmp_path, arrays, "face_uv")


def test_a_pickled_field_is_refused(tmp_path, arrays):
    arrays["faces"] = np.array([{"an": "object"}], dtype=object)
    assert "plain array" in load_error(tmp_path, arrays, "faces")


def file_error(path) -> str:
    with pytest.raises(SurfaceFileError) as caught:
        Surface.load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    assert "no such surface file" in file_error(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("name", "if_missing", "if_damaged"),
    [
        (
            SURFACE_FILE_NAME,
            "; build the embedded body with `python tools/build_surface.py --out ",
            "; rebuild the embedded body with `python tools/build_surface.py --force --out ",
        ),
        (
            SMPL_SURFACE_FILE_NAME,
            "; import it from DensePose's SMPL files, see `python tools/import_surface.py smpl ",
            "; import it anew from DensePose's SMPL files, see `python tools/import_surface.py ",
        ),
        (
            "mine.npz",
            "; check the path, or import a surface, see `python tools/import_surface.py --help`",
            "; import the surface anew, see `python tools/import_surface.py --help`",
        ),
    ],
)
def test_the_remedy_fits_the_file(tmp_path, name, if_missing, if_damaged):
    path = tmp_path / name
    assert if_missing in file_error(path)
    path.write_text("no archive")
    assert if_damaged in file_error(path)


def test_a_file_that_is_no_archive(tmp_path):
    path = tmp_path / "text.npz"
    path.write_text("not a surface")
    assert "unreadable" in file_error(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(tmp_path, share):
    path = tmp_path / "board.npz"
    make_tiny_surface(cells=1).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "truncated" in file_error(path)


def test_a_corrupted_member_is_found_by_its_checksum(tmp_path):
    path = tmp_path / "board.npz"
    make_tiny_surface(cells=1).save(path)
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("geodesic_m.npy")
        offset = member.header_offset + member.file_size // 2 + 100
    content = bytearray(path.read_bytes())
    content[offset] ^= 0xFF
    path.write_bytes(content)
    assert "unreadable" in file_error(path)


def test_an_invalid_surface_is_not_saved(tmp_path):
    board = make_tiny_surface(cells=1)
    spoilt = dataclasses.replace(board, face_uv=board.face_uv + np.float32(0.5))
    with pytest.raises(ValueError, match="face_uv"):
        spoilt.save(tmp_path / "board.npz")
    assert list(tmp_path.iterdir()) == []
