"""Pictures side by side: where they are, and the scales above them."""

from __future__ import annotations

import numpy as np
import pytest

from uncertain_densepose.visualization import Panel, panel_grid
from uncertain_densepose.visualization.error_pictures import error_colours
from uncertain_densepose.visualization.palette import SIGMA_COLOURS
from uncertain_densepose.visualization.picture_grid import (
    GAP,
    HEADER_HEIGHT,
    MIN_WIDTH,
    BarScale,
    WheelScale,
)


def plain(height: int, width: int, value: int) -> np.ndarray:
    return np.full((height, width, 3), value, dtype=np.uint8)


def test_pictures_are_row_by_row_at_their_own_size():
    panels = [
        Panel(plain(60, 300, 10), "a"),
        Panel(plain(50, 250, 20), "b"),
        Panel(plain(40, 260, 30), "c"),
    ]
    grid = panel_grid(panels, max_columns=2)
    top, below = GAP + HEADER_HEIGHT, GAP + HEADER_HEIGHT + 60 + GAP + HEADER_HEIGHT
    assert grid.shape == (below + 40 + GAP, GAP + 300 + GAP + 250 + GAP, 3)
    assert (grid[top : top + 60, GAP : GAP + 300] == 10).all()
    left = GAP + 300 + GAP
    assert (grid[top : top + 50, left : left + 250] == 20).all()
    assert (grid[top + 50 : top + 60, left:] == 255).all()
    assert (grid[below : below + 40, GAP : GAP + 260] == 30).all()


def test_a_narrow_picture_is_in_the_middle_below_a_header_that_can_be_read():
    grid = panel_grid([Panel(plain(40, 20, 10), "standard deviation (cm)")])
    assert grid.shape[1] == MIN_WIDTH + 2 * GAP
    columns = np.flatnonzero((grid[-GAP - 1] == 10).all(axis=-1))
    np.testing.assert_allclose([columns[0], columns[-1]], GAP + 100 + np.array([0, 19]), atol=1)


def header(scale, width=400) -> np.ndarray:
    grid = panel_grid([Panel(plain(10, width, 255), "title", scale)])
    return grid[GAP : GAP + HEADER_HEIGHT, GAP : GAP + width]


def has_colour(pixels: np.ndarray, colour_rgb, tolerance: int = 12) -> bool:
    apart = np.abs(pixels.reshape(-1, 3).astype(int) - np.array(colour_rgb[:3][::-1], dtype=int))
    return apart.max(axis=1).min() <= tolerance


def test_a_title_is_written():
    assert (header(None) < 100).any() and (header(None)[:, 200:] == 255).all()


def test_a_bar_shows_its_colours_from_left_to_right():
    bar = header(BarScale((SIGMA_COLOURS.name,), 12.0))
    assert has_colour(bar[:, 10:40], SIGMA_COLOURS(0.05, bytes=True))
    assert has_colour(bar[:, 360:], SIGMA_COLOURS(0.97, bytes=True))
    assert not has_colour(bar[:, 10:40], SIGMA_COLOURS(0.97, bytes=True))


def test_two_bars_share_the_width():
    bars = header(BarScale(("Wistia", "cool"), 1.0, ("U", "V")))
    assert has_colour(bars[:, :200], (255, 122, 0)) and not has_colour(bars[:, :200], (255, 0, 255))
    assert has_colour(bars[:, 200:], (255, 0, 255)) and not has_colour(bars[:, 200:], (255, 122, 0))


def test_the_wheel_has_the_colour_of_each_direction_on_its_side():
    wheel = header(WheelScale(8.0))[:, -HEADER_HEIGHT:]
    half = HEADER_HEIGHT // 2
    sides = {
        (1, 0): np.s_[:, half + 8 :],
        (-1, 0): np.s_[:, : half - 8],
        (0, -1): np.s_[half + 8 :],
    }
    for direction, side in sides.items():
        colour = error_colours(np.array(direction, float), np.array(0.8), 1.0)
        assert has_colour(wheel[side], colour, 20), direction
        for other in sides.values():
            assert other is side or not has_colour(wheel[other], colour, 20)


def test_equal_headers_are_drawn_once(monkeypatch):
    from uncertain_densepose.visualization import picture_grid as module

    drawn = []
    draw = BarScale.draw
    monkeypatch.setattr(BarScale, "draw", lambda *a: (drawn.append(1), draw(*a)))
    module._header.cache_clear()
    panels = [
        Panel(plain(9, 300, 1), "σ", BarScale(("inferno",), vmax)) for vmax in (5.0, 5.0, 6.0)
    ]
    panel_grid(panels)
    assert len(drawn) == 2


def test_headers_grow_with_the_pictures():
    panel = Panel(plain(10, 1280, 10), "a", BarScale(("inferno",), 1.0))
    grid = panel_grid([panel])
    assert grid.shape == (GAP + 2 * HEADER_HEIGHT + 10 + GAP, 1280 + 2 * GAP, 3)
    small = panel_grid([Panel(plain(10, 640, 10), "a", BarScale(("inferno",), 1.0))])
    marked = [(one[GAP:-18] < 250).any(axis=-1).sum() for one in (grid, small)]
    assert marked[0] == pytest.approx(4 * marked[1], rel=0.15)
