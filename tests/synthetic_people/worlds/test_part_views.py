"""Views on which every point of a part can be clicked, and read back."""

import numpy as np
import pytest

from synthetic_people.worlds.neutral_positions import NeutralPositions
from synthetic_people.worlds.part_views import PIXEL_M
from synthetic_people.worlds.view_frames import coarse_centre, view_axes
from uncertain_densepose.surface import FINE_TO_COARSE
from uncertain_densepose.surface.parts import FLIP_COARSE_PARTS

COUNT = 3000
LOWER_ARM_RIGHT = 13


@pytest.fixture(scope="module")
def surface_points(embedded_surface):
    return NeutralPositions(embedded_surface)


@pytest.fixture(scope="module")
def points(embedded_surface):
    """Parts, coordinates and positions of points spread over the body's triangles."""
    rng = np.random.default_rng(0)
    face = rng.integers(len(embedded_surface.faces), size=COUNT)
    weights = rng.dirichlet([1, 1, 1], COUNT)
    uv = (embedded_surface.face_uv[face] * weights[:, :, None]).sum(axis=1)
    position = (embedded_surface.vertices[embedded_surface.faces[face]] * weights[:, :, None]).sum(
        1
    )
    return embedded_surface.face_part[face].astype(int), uv, position


@pytest.fixture(scope="module")
def placed(part_views, points):
    return part_views.place(*points[:2])


@pytest.mark.parametrize("coarse", range(1, 15))
def test_axes_are_right_handed_and_mirrored_parts_are_shown_alike(embedded_surface, coarse):
    axes = view_axes(embedded_surface, coarse)
    np.testing.assert_allclose(
        axes @ axes.transpose(0, 2, 1), np.tile(np.eye(3), (6, 1, 1)), atol=1e-9
    )
    np.testing.assert_allclose(np.linalg.det(axes), 1)
    np.testing.assert_allclose(axes[::2, 2], -axes[1::2, 2])
    # The front looks to -y, more or less (of the hands, which hang beside the thighs, less).
    assert axes[0, 2, 1] < -0.2 and axes[4, 2, 2] > 0.3
    twin = view_axes(embedded_surface, int(FLIP_COARSE_PARTS[coarse]))
    mirrored = axes[[0, 1, 3, 2, 4, 5], 2] * [-1, 1, 1]
    np.testing.assert_allclose(twin[:, 2], mirrored, atol=1e-3)


def test_positions_follow_from_chart_coordinates(surface_points, points):
    part, uv, position = points
    found, normal = surface_points(part, uv)
    distance = np.linalg.norm(found - position, axis=1)
    assert np.quantile(distance, 0.99) < 1e-3 and distance.max() < 0.02
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1)


def test_placement_is_the_projection_on_the_axes(embedded_surface, points, placed):
    part, _, position = points
    for coarse in (1, 5, LOWER_ARM_RIGHT):
        members = np.flatnonzero(FINE_TO_COARSE[part] == coarse)[:5]
        axes = view_axes(embedded_surface, coarse)
        for point in members:
            for view in range(6):
                right, up, _ = axes[view] @ (
                    position[point] - coarse_centre(embedded_surface, coarse)
                )
                np.testing.assert_allclose(placed.xy[point, view], [right, up], atol=1e-3)


def test_the_views_show_all_of_the_body(placed):
    assert placed.shown.any(axis=1).mean() > 0.985
    assert not placed.shown[placed.cosine <= 0].any()
    assert not (placed.shown & ~placed.offered).any()
    assert placed.offered.any(axis=1).all()


def test_a_click_on_a_point_reads_the_point(surface_points, part_views, points, placed):
    part, _, position = points
    cosine = np.where(placed.shown, placed.cosine, 0)
    view = cosine.argmax(axis=1)
    steep = cosine.max(axis=1) > 0.5
    clicked = placed.xy[np.arange(COUNT), view]
    found = surface_points(*part_views.read(FINE_TO_COARSE[part], view, clicked))[0]
    distance = np.linalg.norm(found - position, axis=1)[steep]
    # Half a pixel's diagonal, foreshortened.
    assert np.quantile(distance, 0.95) < PIXEL_M * np.sqrt(0.5) / 0.5


def test_a_click_hits_the_foremost_triangle(embedded_surface, surface_points, part_views):
    """Against a search through all triangles of the part."""
    surface, view = embedded_surface, 0
    axes, centre = view_axes(surface, LOWER_ARM_RIGHT), coarse_centre(surface, LOWER_ARM_RIGHT)
    chosen = np.flatnonzero(FINE_TO_COARSE[surface.face_part] == LOWER_ARM_RIGHT)
    flat = (surface.vertices[surface.faces[chosen]] - centre) @ axes[view].T
    rng, compared = np.random.default_rng(1), 0
    for click in rng.uniform(-0.04, 0.04, size=(60, 2)):
        best, position = -np.inf, None
        low, high = flat[..., :2].min(axis=1), flat[..., :2].max(axis=1)
        for corners in flat[((low <= click) & (click <= high)).all(axis=1)]:
            system = np.vstack([corners[:, :2].T, np.ones(3)])
            if abs(np.linalg.det(system)) < 1e-12:
                continue
            weights = np.linalg.solve(system, [*click, 1.0])
            if (weights >= 0).all() and weights @ corners[:, 2] > best:
                best, position = weights @ corners[:, 2], weights @ corners
        if position is None:
            continue
        coarse, where = np.array([LOWER_ARM_RIGHT]), np.array([view])
        part, uv = part_views.read(coarse, where, click[None])
        found = (surface_points(part, uv)[0][0] - centre) @ axes[view].T
        np.testing.assert_allclose(found[:2], position[:2], atol=1.5 * PIXEL_M)
        # A pixel aside the surface may be farther away or nearer, at its rim.
        compared += abs(found[2] - position[2]) < 4 * PIXEL_M
    assert compared > 15


def test_a_click_beside_the_part_reads_its_nearest_point(part_views, points, placed):
    part, _, _ = points
    torso = FINE_TO_COARSE[part] == 1
    rim = placed.xy[torso, 0][placed.shown[torso, 0]]
    for click in ([0.22, 0.0], [-0.22, 0.1], [0.0, -0.42]):
        found = part_views.place(*part_views.read(np.array([1]), np.array([0]), np.array([click])))
        to_found = np.linalg.norm(found.xy[0, 0] - click)
        assert to_found > PIXEL_M
        assert to_found < np.linalg.norm(rim - click, axis=1).min() + PIXEL_M


def test_reading_one_chart_never_leaves_it(part_views, points, placed):
    part, _, _ = points
    rng = np.random.default_rng(2)
    view = np.where(placed.offered, placed.cosine, -2).argmax(axis=1)
    xy = placed.xy[np.arange(COUNT), view] + rng.normal(size=(4, COUNT, 2)) * 0.02
    any_part, any_uv = part_views.read(FINE_TO_COARSE[part], view, xy)
    uv = part_views.read_chart(part, view, xy)
    same = any_part == part
    assert 0.5 < same.mean() < 1
    np.testing.assert_array_equal(uv[same], any_uv[same])
    own_part, _ = part_views.read(
        FINE_TO_COARSE[part],
        view,
        part_views.place(part, uv[0]).xy[np.arange(COUNT), view],
    )
    assert (own_part == part).mean() > 0.97
