import numpy as np
import pytest
import trimesh

from synthetic_people import charts
from tests.synthetic_people import chart_shape


def cylinder_half(columns: int = 12, rows: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Half of a cylinder of radius 0.1 and height 0.4, open: it unrolls without stretch."""
    angle, height = np.meshgrid(np.linspace(0, np.pi, columns), np.linspace(0, 0.4, rows))
    vertices = np.stack([0.1 * np.cos(angle), -0.1 * np.sin(angle), height], -1).reshape(-1, 3)
    index = np.arange(len(vertices)).reshape(rows, columns)
    a, b, c, d = (
        index[:-1, :-1].ravel(),
        index[:-1, 1:].ravel(),
        index[1:, 1:].ravel(),
        index[1:, :-1].ravel(),
    )
    # Angle grows towards -x, so that (b, a, d) is counter-clockwise seen from outside (-y).
    return vertices, np.concatenate([np.stack([b, a, d], 1), np.stack([b, d, c], 1)])


def hemisphere() -> tuple[np.ndarray, np.ndarray]:
    ball = trimesh.creation.icosphere(subdivisions=3)
    kept = ball.faces[(ball.vertices[ball.faces][:, :, 2] >= -1e-9).all(axis=1)]
    ids, local = np.unique(kept, return_inverse=True)
    return np.asarray(ball.vertices[ids]), local.reshape(-1, 3)


def test_a_developable_surface_is_unrolled_without_stretch():
    vertices, faces = cylinder_half()
    uv = charts.flatten(vertices, faces, 40)
    stretch = chart_shape.stretch(vertices, faces, uv[faces])
    np.testing.assert_allclose(stretch, 1, atol=0.02)
    assert (chart_shape.signed_area(uv[faces]) > 0).all()


def test_a_curved_surface_is_flattened_without_folds():
    vertices, faces = hemisphere()
    uv = charts.flatten(vertices, faces, 30)
    assert (chart_shape.signed_area(uv[faces]) > 0).all()
    stretch = chart_shape.stretch(vertices, faces, uv[faces])
    assert 0.5 < stretch.min() and stretch.max() < 1.6


def test_a_hole_inside_stays_open_and_unfolded():
    vertices, faces = hemisphere()
    top = vertices[:, 2].argmax()
    with_hole = faces[~(faces == top).any(axis=1)]
    ids, local = np.unique(with_hole, return_inverse=True)
    local = local.reshape(-1, 3)
    assert len(charts.border_loops(local)) == 2
    uv = charts.flatten(vertices[ids], local, 20)
    assert len(uv) == len(ids)
    assert (chart_shape.signed_area(uv[local]) > 0).all()


def test_border_loops_follow_the_faces():
    loops = charts.border_loops(np.array([[0, 1, 2], [0, 2, 3]]))
    assert len(loops) == 1
    start = loops[0].tolist().index(0)
    assert np.roll(loops[0], -start).tolist() == [0, 1, 2, 3]


def test_a_border_that_touches_itself_is_refused():
    with pytest.raises(ValueError, match="touches itself"):
        charts.border_loops(np.array([[0, 1, 2], [0, 3, 4]]))


@pytest.mark.parametrize("degrees", [0, 35, 180, -100])
def test_align_turns_height_to_v(degrees):
    rng = np.random.default_rng(0)
    upright = rng.random((50, 2))
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    aligned = charts.align(upright @ turn.T, 3 * upright[:, 1] + 1)
    np.testing.assert_allclose(aligned, upright, atol=1e-9)


def test_symmetrise_makes_mirrored_vertices_mirrored_points():
    rng = np.random.default_rng(1)
    half = rng.random((20, 2))
    uv = np.concatenate([half, half * [-1, 1]]) + rng.normal(0, 0.01, (40, 2)) + [3.0, 0.0]
    mirror = np.r_[20:40, 0:20]
    fixed = charts.symmetrise(uv, mirror)
    np.testing.assert_allclose(fixed[mirror], fixed * [-1, 1], atol=1e-12)
    assert np.abs(fixed - (uv - [3.0, 0.0])).max() < 0.05


def test_fit_to_unit_square_keeps_the_shape_and_fills_the_longer_side():
    uv = np.array([[5.0, 1.0], [5.5, 1.0], [5.5, 3.0], [5.0, 3.0]])
    fitted = charts.fit_to_unit_square(uv)
    assert fitted[:, 1].min() == pytest.approx(charts.MARGIN)
    assert fitted[:, 1].max() == pytest.approx(1 - charts.MARGIN)
    assert np.ptp(fitted[:, 0]) / np.ptp(fitted[:, 1]) == pytest.approx(0.25)
    assert fitted[:, 0].mean() == pytest.approx(0.5)


def test_fit_to_unit_square_around_a_given_centre():
    uv = np.array([[-1.0, 0.0], [2.0, 0.0], [2.0, 1.0]])
    fitted = charts.fit_to_unit_square(uv, centre_u=0.0)
    assert fitted[1, 0] == pytest.approx(1 - charts.MARGIN)
    assert fitted[0, 0] == pytest.approx(0.5 - 0.5 * (0.5 - charts.MARGIN))


def test_stretch_of_a_scaled_and_squeezed_copy():
    vertices, faces = hemisphere()
    flat = vertices * [1, 1, 0]
    stretch = chart_shape.stretch(flat, faces, (flat[:, :2] * [2, 0.5])[faces])
    np.testing.assert_allclose(stretch, np.broadcast_to([2, 0.5], stretch.shape), atol=1e-6)
