"""tools/import_surface.py: files of DensePose's form become a surface that evaluation loads."""

import pickle

import numpy as np
import pytest
from scipy.io import loadmat, savemat
from scipy.spatial.distance import cdist

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.surface.importers.densepose_files import (
    write_distances,
    write_subdiv,
    write_symmetry,
    write_uv_processed,
)
from uncertain_densepose.surface import Surface


@pytest.fixture(scope="module")
def board():
    return make_tiny_surface(cells=2)


@pytest.fixture
def smpl(tmp_path, board):
    """The options that name the files."""
    subdiv, transform = write_subdiv(tmp_path, board)
    return ["smpl", "--subdiv", subdiv, "--transform", transform]


def run(tool, *arguments):
    tool.main([str(argument) for argument in arguments])


def test_smpl_with_its_distances_and_mirror(tool, tmp_path, board, smpl, capsys):
    distance = cdist(board.vertices, board.vertices)
    distances = write_distances(tmp_path / "Pdist_matrix.pkl", distance)
    symmetry = write_symmetry(tmp_path / "UV_symmetry_transforms.mat", size=33)
    out = tmp_path / "new" / "body.npz"
    run(tool, *smpl, "--distances", distances, "--symmetry", symmetry, "--out", out)
    assert sorted(path.name for path in out.parent.iterdir()) == [
        "UV_symmetry_transforms.mat", "body.geodesics.npy", "body.npz",
    ]  # fmt: skip
    surface = Surface.load(out)
    assert surface.name == "body" and len(surface.geodesic_vertices) == len(board.vertices)
    found = surface.geodesic_distance(*np.ogrid[: len(distance), : len(distance)])
    np.testing.assert_allclose(found, distance, atol=1e-3)
    printed = capsys.readouterr().out.splitlines()
    assert "135 vertices, 208 faces, geodesic table of 135 vertices" in printed[0]
    assert "0.0000 (median)" in printed[1]


def test_smpl_without_distances_computes_them(tool, tmp_path, board, smpl):
    out = tmp_path / "body.npz"
    run(tool, *smpl, "--out", out, "--spacing", "0.08", "--workers", "1", "--name", "mine")
    surface = Surface.load(out)
    assert surface.name == "mine" and len(surface.geodesic_vertices) < len(board.vertices)
    assert [path.name for path in tmp_path.glob("body*")] == ["body.npz"]


def test_charts_on_a_body(tool, tmp_path, board):
    charts = write_uv_processed(tmp_path / "UV_Processed.mat", board)
    np.save(tmp_path / "body.npy", 100 * board.vertices)
    run(
        tool, "charts", "--charts", charts, "--body", tmp_path / "body.npy", "--up", "z",
        "--scale", "0.01", "--out", tmp_path / "s.npz",
    )  # fmt: skip
    np.testing.assert_allclose(Surface.load(tmp_path / "s.npz").vertices, board.vertices, atol=1e-6)


class Attack:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_malicious_pickle_is_refused_in_one_line(refused, tmp_path, smpl):
    bad = tmp_path / "Pdist_matrix.pkl"
    bad.write_bytes(pickle.dumps({"Pdist_matrix": Attack(tmp_path / "broken in")}))
    out = tmp_path / "body.npz"
    message = refused(*smpl, "--distances", bad, "--out", out)
    assert "Pdist_matrix.pkl: refused, and nothing of it was run" in message
    assert not (tmp_path / "broken in").exists() and not out.exists()


def test_mistakes_are_told_in_one_line(refused, tmp_path, smpl):
    out = ["--out", tmp_path / "s.npz"]
    message = refused("smpl", "--subdiv", "none.mat", "--transform", "none.mat", *out)
    assert "error: none.mat: no such file" in message
    assert "none.pkl" in refused(*smpl, "--distances", "none.pkl", *out)
    assert "must end in .npz" in refused(*smpl, "--out", tmp_path / "s.npy")
    assert "--spacing: must be a number above 0" in refused(*smpl, "--spacing", "0", *out)
    assert "--workers: must be at least 1" in refused(*smpl, "--workers", "0", *out)
    text = tmp_path / "UV_symmetry_transforms.mat"
    text.write_text("no table")
    assert str(text) in refused(*smpl, "--symmetry", text, *out)


def test_a_mesh_of_ones_own_is_not_written_over_smpls_surface(refused):
    message = refused("mesh", "--mesh", "b.obj", "--parts", "b.txt")
    assert "required: --out" in message


def test_charts_outside_the_unit_square_are_told_by_their_field(refused, tmp_path, board):
    subdiv, transform = write_subdiv(tmp_path, board)
    fields = {k: v for k, v in loadmat(subdiv).items() if not k.startswith("_")}
    savemat(subdiv, fields | {"U_subdiv": 255 * fields["U_subdiv"]})
    message = refused(
        "smpl", "--subdiv", subdiv, "--transform", transform,
        "--out", tmp_path / "s.npz",
    )  # fmt: skip
    assert "field 'face_uv' has values" in message
