import numpy as np
import pytest
import trimesh
from pygeodesic.geodesic import PyGeodesicAlgorithmExact
from scipy.sparse.csgraph import dijkstra

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface.geodesics import (
    PATH_SCALE,
    condensed_index,
    geodesic_graph,
    geodesic_table,
    spread_subset,
)


def distances_from(graph, sources) -> np.ndarray:
    """Distances from each source to every vertex, (S, V)."""
    return dijkstra(graph, directed=True, indices=sources)


def random_plane(num_points: int) -> tuple[np.ndarray, np.ndarray]:
    """A flat mesh of random points of the unit square."""
    rng = np.random.default_rng(0)
    border = np.linspace(0, 1, 21)
    square = np.concatenate(
        [np.stack([border, np.full(21, k)], 1) for k in (0, 1)]
        + [np.stack([np.full(19, k), border[1:-1]], 1) for k in (0, 1)]
    )
    points = np.concatenate([square, rng.random((num_points, 2))])
    from scipy.spatial import Delaunay

    faces = Delaunay(points).simplices
    return np.pad(points, ((0, 0), (0, 1))), faces


def test_condensed_index_counts_the_lower_triangle_row_by_row():
    rows, columns = np.tril_indices(7, -1)
    assert np.array_equal(condensed_index(rows, columns), np.arange(21))
    assert np.array_equal(condensed_index(columns, rows), np.arange(21))


def test_condensed_index_does_not_overflow_in_small_types():
    assert condensed_index(np.int32(100_000), np.int32(99_999)) == 100_000 * 99_999 // 2 + 99_999


def test_distances_on_a_plane_are_nearly_euclidean():
    vertices, faces = random_plane(1500)
    graph = geodesic_graph(vertices, faces)
    sources = np.arange(50, 60)
    exact = np.linalg.norm(vertices[sources][:, None] - vertices, axis=2)
    far = exact > 0.2
    ratio = distances_from(graph, sources)[far] / exact[far]
    assert abs(ratio.mean() - 1) < 0.02
    assert ratio.min() >= PATH_SCALE - 1e-9
    assert ratio.max() < 1.08


def test_distances_on_a_sphere_are_nearly_great_circles():
    ball = trimesh.creation.icosphere(subdivisions=4)
    graph = geodesic_graph(ball.vertices, ball.faces)
    sources = np.array([0, 100, 2000])
    cosine = np.clip(ball.vertices[sources] @ ball.vertices.T, -1, 1)
    exact = np.arccos(cosine)
    far = exact > 0.3
    ratio = distances_from(graph, sources)[far] / exact[far]
    assert abs(ratio.mean() - 1) < 0.02
    assert 0.97 < ratio.min() and ratio.max() < 1.06


def test_diagonal_of_an_unfolded_square():
    """A unit square folded along its diagonal keeps the length of the other diagonal."""
    folded = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0.5, 0.5, np.sqrt(0.5)]])
    graph = geodesic_graph(folded, np.array([[0, 1, 2], [0, 2, 3]]))
    assert graph[1, 3] == pytest.approx(np.sqrt(2) * PATH_SCALE)


def test_no_diagonal_outside_of_a_concave_pair():
    dart = np.array([[0, 0, 0], [1, 1, 0], [0, 0.2, 0], [-1, 1, 0]], dtype=float)
    graph = geodesic_graph(dart, np.array([[0, 1, 2], [0, 2, 3]]))
    assert graph[1, 3] == 0
    around = np.linalg.norm(dart[1] - dart[2]) * 2 * PATH_SCALE
    assert distances_from(graph, np.array([1]))[0, 3] == pytest.approx(around)


def test_an_edge_that_is_also_a_diagonal_keeps_its_own_length():
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=float)
    graph = geodesic_graph(corners, np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]]))
    lengths = graph.toarray()[~np.eye(4, dtype=bool)]
    np.testing.assert_allclose(lengths, np.sqrt(8) * PATH_SCALE)


def test_table_is_dijkstra_between_the_members_whatever_the_shortcuts():
    board = make_tiny_surface(cells=3)
    graph = geodesic_graph(board.vertices, board.faces)
    subset = spread_subset(board.vertices, 0.05, board.mirror)
    dense = distances_from(graph, subset)[:, subset]
    expected = dense[np.tril_indices(len(subset), -1)].astype(np.float16)
    plain = geodesic_table(graph, subset)
    assert plain.dtype == np.float16
    np.testing.assert_allclose(plain, expected, rtol=1e-3)
    mirrored = geodesic_table(graph, subset, board.mirror)
    np.testing.assert_allclose(mirrored, expected, rtol=1e-3)
    done = []
    parallel = geodesic_table(graph, subset, board.mirror, workers=2, progress=done.append)
    assert np.array_equal(parallel, mirrored)
    assert sum(done) == len(subset)


def test_table_of_separate_pieces_is_refused():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 0, 0], [6, 0, 0], [5, 1, 0.0]])
    graph = geodesic_graph(vertices, np.array([[0, 1, 2], [3, 4, 5]]))
    with pytest.raises(ValueError, match="not connected"):
        geodesic_table(graph, np.arange(6))


def test_table_refuses_a_mirror_that_leaves_the_subset():
    board = make_tiny_surface(cells=1)
    graph = geodesic_graph(board.vertices, board.faces)
    with pytest.raises(ValueError, match="mirror"):
        geodesic_table(graph, np.array([0, 1]), board.mirror)


def test_spread_subset_keeps_its_distance_and_covers_everything():
    rng = np.random.default_rng(1)
    points = rng.random((800, 3))
    subset = spread_subset(points, 0.15)
    within = np.linalg.norm(points[subset][:, None] - points[subset][None], axis=2)
    assert within[~np.eye(len(subset), dtype=bool)].min() >= 0.15
    to_subset = np.linalg.norm(points[:, None] - points[subset][None], axis=2).min(axis=1)
    assert to_subset.max() <= 0.15
    assert (np.diff(subset) > 0).all()


def test_spread_subset_is_closed_under_a_mirror():
    board = make_tiny_surface(cells=3)
    subset = spread_subset(board.vertices, 0.05, board.mirror)
    assert np.array_equal(np.sort(board.mirror[subset]), subset)


def test_distances_on_the_body_agree_with_an_exact_solver(embedded_surface):
    body = embedded_surface
    exact_solver = PyGeodesicAlgorithmExact(body.vertices.astype(np.float64), body.faces)
    rng = np.random.default_rng(2)
    sources = rng.choice(body.geodesic_vertices, 4, replace=False)
    exact = np.stack([exact_solver.geodesicDistances(np.array([s]), None)[0] for s in sources])
    graph = geodesic_graph(body.vertices, body.faces)
    error = np.abs(distances_from(graph, sources) - exact)
    assert error.mean() < 0.006
    assert np.percentile(error, 99) < 0.025
    near = exact < 0.1
    assert error[near].mean() < 0.0015
    table = body.geodesic_distance(sources[:, None], body.geodesic_vertices[None])
    assert np.abs(table - exact[:, body.geodesic_vertices]).mean() < 0.006
