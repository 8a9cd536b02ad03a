"""Geodesic distances on a triangle mesh: a graph whose shortest paths nearly are geodesics.

Edge paths alone zigzag. Adding, for every pair of adjacent triangles, the straight connection of
their opposite corners (measured in the plane of the unfolded pair) leaves paths a few per cent too
long on average, and nearly evenly so, which one global factor corrects (`PATH_SCALE`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from ..process_pool import run_tasks

PATH_SCALE = 0.985
"""Ratio of exact to graph distance, measured on the embedded body against an exact solver."""

_SOURCES_PER_TASK = 128


def condensed_index(i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """(...) int64 position of the pairs (i, j), integers (...) with i != j, in a condensed lower
    triangle."""
    high = np.maximum(i, j).astype(np.int64)
    place: np.ndarray = high * (high - 1) // 2 + np.minimum(i, j)
    return place


def geodesic_graph(vertices: np.ndarray, faces: np.ndarray) -> csr_matrix:
    """Graph of mesh edges and unfolded diagonals.

    A diagonal is added where its straight line crosses the shared edge, i.e. where the unfolded
    pair of triangles is convex there; elsewhere the path is not on the surface.

    Args:
        vertices: (V, 3) metres.
        faces: (F, 3) vertex indices.

    Returns:
        (V, V) symmetric matrix of lengths, metres, already multiplied by `PATH_SCALE`.
    """
    vertices = np.asarray(vertices, dtype=np.float64)
    half = np.concatenate([faces[:, [0, 1, 2]], faces[:, [1, 2, 0]], faces[:, [2, 0, 1]]])
    half = half.astype(np.int64)
    low, high = half[:, :2].min(axis=1), half[:, :2].max(axis=1)
    key = low * len(vertices) + high
    order = np.argsort(key, kind="stable")
    key, low, high, opposite = key[order], low[order], high[order], half[order, 2]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    count = np.diff(np.r_[first, len(key)])

    edge_length = np.linalg.norm(vertices[low[first]] - vertices[high[first]], axis=1)
    inner = first[count == 2]
    a, b = low[inner], high[inner]
    left, right = opposite[inner], opposite[inner + 1]
    along_left, height_left = _foot(vertices, a, b, left)
    along_right, height_right = _foot(vertices, a, b, right)
    base = edge_length[count == 2]
    height = height_left + height_right
    crossing = along_left + (along_right - along_left) * height_left / np.maximum(height, 1e-12)
    convex = (crossing > 0) & (crossing < base) & (height > 0)
    diagonal_length = np.hypot(along_right - along_left, height)

    row = np.concatenate([low[first], left[convex]])
    column = np.concatenate([high[first], right[convex]])
    length = np.concatenate([edge_length, diagonal_length[convex]]) * PATH_SCALE
    # Two pairs of triangles may share their diagonal; the sparse format would add the lengths up.
    pair = np.minimum(row, column) * len(vertices) + np.maximum(row, column)
    by_length = np.lexsort((length, pair))
    kept = by_length[np.r_[True, np.diff(pair[by_length]) != 0]]
    upper = coo_matrix(
        (length[kept], (row[kept], column[kept])), shape=(len(vertices), len(vertices))
    )
    return (upper + upper.T).tocsr()


def _foot(
    vertices: np.ndarray, a: np.ndarray, b: np.ndarray, point: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of ``point`` along the line from a to b, and its height above it, metres."""
    axis = vertices[b] - vertices[a]
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    offset = vertices[point] - vertices[a]
    along = (offset * axis).sum(axis=1)
    return along, np.linalg.norm(offset - along[:, None] * axis, axis=1)


def geodesic_table(
    graph: csr_matrix,
    subset: np.ndarray,
    mirror: np.ndarray | None = None,
    workers: int = 1,
    progress: Callable[[int], object] | None = None,
) -> np.ndarray:
    """Distances between all pairs of ``subset``.

    Args:
        graph: of `geodesic_graph`; must be connected on ``subset``.
        subset: (K,) ascending vertex indices.
        mirror: (V,) an involution that keeps all lengths of the graph and maps the subset to
            itself; with it, about half of the work is saved.
        workers: number of processes; the result does not depend on it.
        progress: called with the number of table rows done since the last call, K in total.

    Returns:
        (K (K - 1) / 2,) float16 metres, condensed lower triangle (`condensed_index`).

    Raises:
        ValueError: two vertices of the subset are not connected, or the mirror leaves the subset.
    """
    subset = np.asarray(subset, dtype=np.int64)
    own = np.arange(len(subset))
    twin = own if mirror is None else np.searchsorted(subset, mirror[subset])
    if mirror is not None and not np.array_equal(subset[twin % len(subset)], mirror[subset]):
        raise ValueError("the mirror does not map the subset to itself")
    table = np.empty(len(subset) * (len(subset) - 1) // 2, dtype=np.float16)

    def store(i: int, row: np.ndarray) -> None:
        table[i * (i - 1) // 2 : i * (i + 1) // 2] = row[:i]

    sources = np.flatnonzero(own <= twin)
    tasks = [
        sources[start : start + _SOURCES_PER_TASK]
        for start in range(0, len(sources), _SOURCES_PER_TASK)
    ]

    def take(result: tuple[np.ndarray, np.ndarray]) -> None:
        positions, rows = result
        if not np.isfinite(rows).all():
            raise ValueError("the surface is not connected: some geodesic distances are infinite")
        for i, row in zip(positions, rows, strict=True):
            store(i, row)
            if twin[i] != i:
                store(twin[i], row[twin])
        if progress is not None:
            progress(len(positions) + int((twin[positions] != positions).sum()))

    def rows_of(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # Nothing of this package is named here: processes then need not load it, with all of torch.
        rows = dijkstra(graph, directed=True, indices=subset[positions])
        return positions, rows[:, subset].astype(np.float16)

    run_tasks(rows_of, tasks, workers, take)
    return table


def spread_subset(
    vertices: np.ndarray, spacing_m: float, mirror: np.ndarray | None = None
) -> np.ndarray:
    """Vertices no two of which are closer than ``spacing_m``: greedy Poisson-disk thinning.

    Every vertex is then within ``spacing_m`` of the subset. Distances are straight lines; the
    lower index goes first, so that the result is deterministic.

    Args:
        vertices: (V, 3) metres.
        spacing_m: smallest distance within the subset.
        mirror: (V,) reflection in the plane x = 0; the half x <= 0 is then thinned and mirrored
            (twins may be closer to each other than ``spacing_m``).

    Returns:
        (K,) int32 ascending vertex indices; with ``mirror``, closed under it.
    """
    tree = cKDTree(vertices)
    free = np.ones(len(vertices), dtype=bool)
    candidates = np.arange(len(vertices))
    if mirror is not None:
        candidates = candidates[vertices[:, 0] <= 0]
    taken = []
    for vertex in candidates:
        if free[vertex]:
            taken.append(vertex)
            free[tree.query_ball_point(vertices[vertex], spacing_m)] = False
    subset = np.asarray(taken, dtype=np.int32)
    if mirror is not None:
        subset = np.union1d(subset, mirror[subset]).astype(np.int32)
    return np.sort(subset)
