import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface import ChartLookup, Surface
from uncertain_densepose.surface.lookup import rasterise_triangles


@pytest.fixture(scope="module")
def board() -> Surface:
    return make_tiny_surface(cells=4)


@pytest.fixture(scope="module")
def lookup(board) -> ChartLookup:
    return ChartLookup(board)


def random_points(surface: Surface, count: int, seed: int):
    """Points inside random faces: face, part, uv, position."""
    rng = np.random.default_rng(seed)
    face = rng.integers(0, len(surface.faces), count)
    share = rng.dirichlet([1, 1, 1], count)[:, :, None]
    uv = (surface.face_uv[face] * share).sum(axis=1)
    position = (surface.vertices[surface.faces[face]] * share).sum(axis=1)
    return face, surface.face_part[face], uv, position


def test_face_under_a_point_is_found(board, lookup):
    face, part, uv, _ = random_points(board, 5000, seed=0)
    found = lookup.face(part, uv)
    assert found.dtype == np.int32
    # Cells on the line between two faces may go to either.
    assert (found == face).mean() > 0.95


def test_vertex_is_the_nearest_one_of_the_part(board, lookup):
    _, part, uv, position = random_points(board, 2000, seed=1)
    found = lookup.vertex(part, uv)
    for k in range(0, 2000, 50):
        of_part = np.unique(board.faces[board.face_part == part[k]])
        distance = np.linalg.norm(board.vertices[of_part] - position[k], axis=1)
        reached = np.linalg.norm(board.vertices[found[k]] - position[k])
        assert found[k] in of_part
        assert reached <= distance.min() + 1e-3


def test_a_vertex_is_found_at_its_own_coordinates(board, lookup):
    part = np.repeat(board.face_part, 3)
    uv = board.face_uv.reshape(-1, 2)
    assert np.array_equal(lookup.vertex(part, uv), board.faces.ravel())


def test_points_off_the_chart_go_to_the_nearest_face_of_the_same_part(board, lookup):
    rng = np.random.default_rng(2)
    part = rng.integers(1, 25, 500)
    uv = rng.random((500, 2))
    face, vertex = lookup.face(part, uv), lookup.vertex(part, uv)
    assert np.array_equal(board.face_part[face], part)
    assert (board.faces[face] == vertex[:, None]).any(axis=1).all()


def test_corner_beyond_the_margin_gives_the_corner_of_the_patch(board, lookup):
    corner = board.vertices[lookup.vertex(np.array(3), np.array([0.0, 0.0]))]
    hand = board.vertices[np.unique(board.faces[board.face_part == 3])]
    np.testing.assert_allclose(corner, hand.min(axis=0))


def test_values_outside_of_the_unit_square_are_clamped(lookup):
    part = np.full(4, 7)
    outside = np.array([[-3, 0.5], [0.5, 9], [1.2, -0.1], [1, 1]], dtype=np.float32)
    inside = np.clip(outside, 0, 1)
    assert np.array_equal(lookup.face(part, outside), lookup.face(part, inside))
    assert np.array_equal(lookup.vertex(part, outside), lookup.vertex(part, inside))


def test_background_has_no_face_and_no_vertex(lookup):
    part = np.array([0, 5])
    uv = np.full((2, 2), 0.5)
    assert lookup.face(part, uv)[0] == lookup.vertex(part, uv)[0] == -1
    assert lookup.face(part, uv)[1] >= 0


@pytest.mark.parametrize("shape", [(), (0,), (3, 4)])
def test_any_shape_goes(lookup, shape):
    part = np.ones(shape, dtype=np.uint8)
    uv = np.full((*shape, 2), 0.3)
    assert lookup.face(part, uv).shape == shape
    assert lookup.vertex(part, uv).shape == shape


def test_a_chart_thinner_than_a_cell_is_still_found():
    board = make_tiny_surface(cells=1, margin=0.499)
    lookup = ChartLookup(board, resolution=8)
    part = np.arange(1, 25)
    face = lookup.face(part, np.full((24, 2), 0.5))
    assert np.array_equal(board.face_part[face], part)


def test_rasterised_triangles_match_a_test_of_every_cell():
    rng = np.random.default_rng(3)
    triangle = rng.random((1, 3, 2))
    raster = rasterise_triangles(triangle, 40)
    centre = (np.stack(np.meshgrid(np.arange(40), np.arange(40)), -1) + 0.5) / 40
    a, b, c = triangle[0]
    sides = []
    for start, stop in ((a, b), (b, c), (c, a)):
        edge, offset = stop - start, centre - start
        sides.append(edge[0] * offset[..., 1] - edge[1] * offset[..., 0])
    inside = (np.stack(sides) > 0).all(axis=0) | (np.stack(sides) < 0).all(axis=0)
    assert np.array_equal(raster == 0, inside)


def test_body_points_are_found_within_millimetres(embedded_surface):
    surface = embedded_surface
    _, part, uv, position = random_points(surface, 20_000, seed=4)
    vertex = ChartLookup(surface).vertex(part, uv)
    off = np.linalg.norm(surface.vertices[vertex] - position, axis=1)
    assert np.median(off) < 0.006
    assert off.max() < 0.03
    of_part = np.zeros((25, len(surface.vertices)), dtype=bool)
    of_part[np.repeat(surface.face_part, 3), surface.faces.ravel()] = True
    assert of_part[part, vertex].all()
