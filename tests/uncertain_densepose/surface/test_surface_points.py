"""Chart coordinates to points of the surface and back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface import (
    ChartLookup,
    Surface,
    surface_position,
    surface_to_uv,
    uv_to_surface,
)


@pytest.fixture(scope="module")
def board() -> Surface:
    return make_tiny_surface(cells=4)


@pytest.fixture(scope="module")
def lookup(board) -> ChartLookup:
    return ChartLookup(board)


def points_by_area(surface: Surface, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Faces and weights of points that are spread evenly over the surface."""
    rng = np.random.default_rng(seed)
    a, b, c = surface.vertices[surface.faces].transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    face = rng.choice(len(area), count, p=area / area.sum())
    return face, rng.dirichlet([1, 1, 1], count)


def test_surface_to_uv_to_surface_on_the_body(embedded_surface):
    face, weights = points_by_area(embedded_surface, 5000, seed=0)
    part, u, v = surface_to_uv(embedded_surface, face, weights)
    found = uv_to_surface(ChartLookup(embedded_surface), part, u, v)
    off_m = np.linalg.norm(
        found.position_m - surface_position(embedded_surface, face, weights), axis=1
    )
    assert np.percentile(off_m, 95) < 1e-6
    # The soles of the feet fold over themselves here and there.
    assert (off_m > 2e-3).mean() < 2e-3
    assert (found.distance_uv == 0).all()
    assert np.array_equal(embedded_surface.face_part[found.face], part)


def test_uv_to_surface_to_uv_on_the_chart(board, lookup):
    rng = np.random.default_rng(1)
    part, uv = rng.integers(1, 25, 500), rng.uniform(0.06, 0.94, (500, 2))
    found = uv_to_surface(lookup, part, *uv.T)
    back_part, u, v = surface_to_uv(board, found.face, found.weights)
    assert np.array_equal(back_part, part)
    np.testing.assert_allclose(np.column_stack([u, v]), uv, atol=1e-6)
    assert (found.weights >= 0).all()
    np.testing.assert_allclose(found.weights.sum(axis=1), 1)


def closest_in_triangle(point: np.ndarray, triangle: np.ndarray) -> float:
    """The slow twin: the distance by constrained minimisation over barycentric coordinates."""
    solution = minimize(
        lambda w: ((w @ triangle - point) ** 2).sum(),
        np.full(3, 1 / 3),
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-16},
    )
    return np.sqrt(solution.fun)


def crooked(board: Surface) -> Surface:
    """The board with charts whose triangles are of all shapes, one of them a mere line."""
    rng = np.random.default_rng(2)
    face_uv = np.clip(board.face_uv + rng.normal(0, 0.03, board.face_uv.shape), 0, 1)
    face_uv[5, 2] = (face_uv[5, 0] + face_uv[5, 1]) / 2
    return dataclasses.replace(board, face_uv=(0.25 + 0.5 * face_uv).astype(np.float32))


def test_off_the_chart_it_is_the_closest_point_of_all_faces(board):
    surface = crooked(board)
    rng = np.random.default_rng(3)
    part, uv = np.full(12, 3), rng.uniform(-0.2, 1.2, (12, 2))
    uv[:4] = rng.uniform(0.2, 0.3, (4, 2))
    found = uv_to_surface(ChartLookup(surface), part, *uv.T)
    of_part = surface.face_uv[surface.face_part == 3].astype(np.float64)
    for k in range(12):
        expected = min(closest_in_triangle(uv[k], triangle) for triangle in of_part)
        assert found.distance_uv[k] == pytest.approx(expected, abs=1e-6)
        reached = found.weights[k] @ surface.face_uv[found.face[k]].astype(np.float64)
        assert np.linalg.norm(reached - uv[k]) == pytest.approx(found.distance_uv[k], abs=1e-6)


def test_the_distance_from_a_square_chart(lookup):
    # The charts span 0.05..0.95.
    u, v = np.array([0.5, 1.0, 1.0]), np.array([0.5, 0.5, 1.0])
    found = uv_to_surface(lookup, np.full(3, 7), u, v)
    np.testing.assert_allclose(found.distance_uv, [0, 0.05, 0.05 * np.sqrt(2)], atol=1e-6)


def test_what_names_no_point(board, lookup):
    u = np.array([0.5, np.nan, 0.5, 0.5])
    v = np.array([0.5, 0.5, np.inf, 0.5])
    found = uv_to_surface(lookup, np.array([0, 2, 2, 2]), u, v)
    assert found.face[:3].tolist() == [-1, -1, -1] and found.face[3] >= 0
    for values in (found.weights, found.position_m, found.distance_uv):
        assert np.isnan(values[:3]).all() and np.isfinite(values[3]).all()
    part, back_u, back_v = surface_to_uv(board, found.face, found.weights)
    assert part.tolist() == [0, 0, 0, 2]
    assert np.isnan(back_u[:3]).all() and np.isnan(back_v[:3]).all()


def test_no_points(lookup):
    empty = np.zeros(0)
    found = uv_to_surface(lookup, empty.astype(int), empty, empty)
    assert len(found) == 0 and found.position_m.shape == (0, 3)
