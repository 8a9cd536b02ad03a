import numpy as np
import pytest
from scipy import sparse

from synthetic_people.refinement import PlacedMesh, split_at_zero, split_long_edges
from synthetic_people.topology import BodyTopology
from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface.mirror import mirrored_faces


@pytest.fixture
def board() -> PlacedMesh:
    """A flat symmetric mesh; its texture coordinates are its (x, z) positions."""
    surface = make_tiny_surface(cells=2)
    vertices = surface.vertices.astype(np.float64)
    topology = BodyTopology(
        embedding=sparse.identity(len(vertices), dtype=np.float32, format="csr"),
        faces=surface.faces,
        mirror=surface.mirror,
        face_region=(surface.face_part > 2).astype(np.uint8),
        face_texture=surface.vertices[surface.faces][:, :, [0, 2]],
    )
    return PlacedMesh(topology, vertices)


def areas(mesh: PlacedMesh) -> np.ndarray:
    a, b, c = np.moveaxis(mesh.vertices[mesh.topology.faces], 1, 0)
    return np.cross(b - a, c - a)[:, 1] / 2  # signed: the board faces -y


def assert_same_surface(refined: PlacedMesh, board: PlacedMesh) -> None:
    """Same area and orientation, no cracks, symmetric, and every attribute interpolated."""
    topology = refined.topology
    assert (areas(refined) < 0).all()
    assert areas(refined).sum() == pytest.approx(areas(board).sum())
    half = np.concatenate([topology.faces[:, [k, (k + 1) % 3]] for k in range(3)])
    _, count = np.unique(np.sort(half, axis=1), axis=0, return_counts=True)
    border = np.linalg.norm(np.diff(refined.vertices[half[:, :2]], axis=1), axis=2).ravel()
    assert count.max() == 2
    inner = np.isin(half @ [1, 10**6], half[:, ::-1] @ [1, 10**6])
    assert border[~inner].sum() == pytest.approx(2 * (0.2 + 1.3))
    assert np.array_equal(refined.vertices[topology.mirror], refined.vertices * [-1, 1, 1])
    mirrored_faces(topology.faces, topology.mirror)
    np.testing.assert_allclose(topology.embedding @ board.vertices, refined.vertices, atol=1e-6)
    np.testing.assert_allclose(
        topology.face_texture, refined.vertices[topology.faces][:, :, [0, 2]], atol=1e-6
    )


def test_long_edges_are_halved_in_the_given_region_only(board):
    refined = split_long_edges(board, (0,), 0.06)  # the diagonals of the torso rows
    assert_same_surface(refined, board)
    assert len(refined.topology.faces) > len(board.topology.faces)
    untouched = refined.topology.face_region == 1
    assert untouched.sum() == (board.topology.face_region == 1).sum()


def test_all_edges_halved_gives_four_triangles_of_each(board):
    refined = split_long_edges(board, (0, 1), 0.01)
    assert_same_surface(refined, board)
    assert len(refined.topology.faces) == 4 * len(board.topology.faces)


def test_nothing_to_split_changes_nothing(board):
    refined = split_long_edges(board, (0, 1), 1.0)
    assert np.array_equal(np.sort(refined.topology.faces, 0), np.sort(board.topology.faces, 0))


@pytest.mark.parametrize("slope", [0.0, 0.37, -1.1])
def test_no_face_straddles_the_zero_line_by_more_than_the_snap(board, slope):
    field = board.vertices[:, 2] - 0.617 + slope * np.abs(board.vertices[:, 0])
    refined, parent = split_at_zero(board, field, np.ones(len(board.topology.faces), bool))
    assert_same_surface(refined, board)
    values = refined.vertices[:, 2] - 0.617 + slope * np.abs(refined.vertices[:, 0])
    corner_values = values[refined.topology.faces]
    straddle = np.minimum(corner_values.max(axis=1), -corner_values.min(axis=1))
    assert straddle.max() <= 0.12 * 0.1 * (1 + abs(slope))
    centre = refined.vertices[refined.topology.faces].mean(axis=1)
    old_low = board.vertices[board.topology.faces[parent]].min(axis=1)
    old_high = board.vertices[board.topology.faces[parent]].max(axis=1)
    assert ((centre >= old_low) & (centre <= old_high)).all()
