"""A mesh of one's own: what trimesh makes of it is what the file says."""

import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface.importers import SurfaceSourceError, read_obj_mesh
from uncertain_densepose.surface.importers.obj_mesh import read_body_vertices


@pytest.fixture(scope="module")
def board():
    return make_tiny_surface(cells=2)


def write_obj(path, surface):
    """Positions shared by faces, a texture coordinate for each corner."""
    lines = ["v {} {} {}".format(*map(repr, v)) for v in surface.vertices.tolist()]
    lines += ["vt {!r} {!r}".format(*uv) for uv in surface.face_uv.reshape(-1, 2).tolist()]
    lines += [
        "f " + " ".join(f"{v + 1}/{3 * k + c + 1}" for c, v in enumerate(face))
        for k, face in enumerate(surface.faces.tolist())
    ]
    path.write_text("\n".join(lines))
    return path


def write_parts(path, parts):
    path.write_text("\n".join(map(str, parts)))
    return path


@pytest.fixture
def files(tmp_path, board):
    return write_obj(tmp_path / "b.obj", board), write_parts(tmp_path / "b.txt", board.face_part)


def test_faces_keep_their_places_parts_and_coordinates(tmp_path, board, files):
    mesh = read_obj_mesh(*files, up="z", scale=0.5)
    np.testing.assert_allclose(
        mesh.vertices[mesh.faces], 0.5 * board.vertices[board.faces], atol=1e-7
    )
    np.testing.assert_allclose(mesh.face_uv, board.face_uv, atol=1e-7)
    assert np.array_equal(mesh.face_part, board.face_part)
    assert len(mesh.vertices) == len(board.vertices)
    np.save(tmp_path / "b.npy", board.face_part)
    again = read_obj_mesh(files[0], tmp_path / "b.npy", up="z", scale=0.5)
    assert np.array_equal(again.face_part, mesh.face_part)


def test_y_up_is_turned(board, files):
    mesh = read_obj_mesh(*files)
    x, y, z = board.vertices[board.faces].transpose(2, 0, 1)
    np.testing.assert_allclose(mesh.vertices[mesh.faces], np.stack([x, -z, y], -1), atol=1e-7)


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ([1, 2, 3], "has 3 charts, but .*b.obj has 208 triangles"),
        ([1] * 207 + [25], "entry 208 is 25, expected a chart 1..24"),
        ([1, 2.5], "entry 2 is 2.5"),
        (["torso"], "not a readable list of numbers"),
    ],
)
def test_parts_that_do_not_fit(tmp_path, files, parts, complaint):
    with pytest.raises(SurfaceSourceError, match=complaint):
        read_obj_mesh(files[0], write_parts(tmp_path / "p.txt", parts))


def test_meshes_that_cannot_be_used(tmp_path, files):
    plain = tmp_path / "plain.obj"
    plain.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    with pytest.raises(SurfaceSourceError, match="plain.obj: has no texture coordinates"):
        read_obj_mesh(plain, files[1])
    with pytest.raises(SurfaceSourceError, match="none.obj: no such file"):
        read_obj_mesh(tmp_path / "none.obj", files[1])
    odd = tmp_path / "odd.xyzzy"
    odd.write_text("?")
    with pytest.raises(SurfaceSourceError, match="odd.xyzzy: trimesh cannot read it"):
        read_obj_mesh(odd, files[1])


def test_two_materials_are_refused_for_they_change_the_order_of_faces(tmp_path, files):
    text = files[0].read_text().replace("\nf ", "\nusemtl a\nf ", 1)
    place = text.rindex("\nf ")
    (tmp_path / "two.obj").write_text(text[:place] + "\nusemtl b" + text[place:])
    with pytest.raises(SurfaceSourceError, match="several meshes or materials"):
        read_obj_mesh(tmp_path / "two.obj", files[1])


def test_a_body_keeps_the_order_of_its_vertices(tmp_path, board):
    vertices = np.random.default_rng(0).permutation(board.vertices)
    np.save(tmp_path / "body.npy", vertices)
    obj = tmp_path / "body.obj"
    lines = ["v {} {} {}".format(*map(repr, v)) for v in vertices.tolist()]
    lines += [f"f {k + 3} {k + 1} {k + 2}" for k in range(len(vertices) - 2)]
    obj.write_text("\n".join(lines))
    for path in (tmp_path / "body.npy", obj):
        np.testing.assert_allclose(read_body_vertices(path, up="z"), vertices, atol=1e-7)
    np.save(tmp_path / "flat.npy", np.zeros(7))
    with pytest.raises(SurfaceSourceError, match="flat.npy: has shape"):
        read_body_vertices(tmp_path / "flat.npy")
