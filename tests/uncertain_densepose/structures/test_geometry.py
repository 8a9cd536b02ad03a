"""Frames of positions, and reading maps at positions, against the slow way."""

import pytest
import torch
import torch.nn.functional as F

from uncertain_densepose.structures import box_to_image_xy, image_to_box_xy
from uncertain_densepose.structures.geometry import (
    gather_cells,
    gather_taps,
    inside_box,
    linear_taps,
    plane_taps,
)


def test_box_frame_and_back():
    boxes = torch.tensor([[10.0, 20, 30, 60], [0.0, 0, 5, 5]])
    xy = torch.tensor([[15.0, 50.0], [5.0, 0.0]])
    fraction = image_to_box_xy(xy, boxes)
    torch.testing.assert_close(fraction, torch.tensor([[0.25, 0.75], [1.0, 0.0]]))
    torch.testing.assert_close(box_to_image_xy(fraction, boxes), xy)


def test_edges_are_inside_and_a_box_without_area_holds_nothing():
    fraction = image_to_box_xy(torch.tensor([[3.0, 3.0]]), torch.tensor([3.0, 3.0, 3.0, 3.0]))
    assert inside_box(torch.tensor([[0.0, 1.0], [1.0001, 0.5]])).tolist() == [True, False]
    assert inside_box(fraction).tolist() == [False]


@pytest.mark.parametrize("size", [1, 2, 9])
def test_taps_equal_grid_sample(size):
    generator = torch.Generator().manual_seed(size)
    maps = torch.randn(4, 3, size, size, generator=generator, dtype=torch.float64)
    item = torch.randint(0, 4, (50,), generator=generator)
    xy = torch.rand(50, 2, generator=generator, dtype=torch.float64)
    position = xy * size - 0.5
    found = gather_taps(
        maps, item, linear_taps(position[:, 0], size), linear_taps(position[:, 1], size)
    )
    grid = (2 * xy - 1)[:, None, None, :]
    expected = F.grid_sample(maps[item], grid, align_corners=False, padding_mode="border")
    torch.testing.assert_close(found, expected[:, :, 0, 0])


def interpolated(plane, x, y):
    """The bilinear value of a plane (H, W) at one position of its frame, in plain arithmetic."""
    height, width = plane.shape
    x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    left, above = min(int(x), max(width - 2, 0)), min(int(y), max(height - 2, 0))
    right, below = min(left + 1, width - 1), min(above + 1, height - 1)
    upper = plane[above, left] * (1 - (x - left)) + plane[above, right] * (x - left)
    lower = plane[below, left] * (1 - (x - left)) + plane[below, right] * (x - left)
    return (upper * (1 - (y - above)) + lower * (y - above)).item()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", [(5, 8), (1, 3)])
def test_reading_cells_equals_a_loop_over_points(size, layout):
    height, width = size
    generator = torch.Generator().manual_seed(height)
    maps = torch.randn(4, 6, height, width, generator=generator, dtype=torch.float64)
    item, channel = (torch.randint(0, n, (40,), generator=generator) for n in (4, 6))
    position = torch.rand(40, 2, generator=generator, dtype=torch.float64) * 10 - 1
    taps = plane_taps(
        linear_taps(position[:, 0], width), linear_taps(position[:, 1], height), width
    )
    given = maps.contiguous(memory_format=layout)
    every = gather_cells(given, item, *taps)
    one = gather_cells(given, item, *taps, channel=channel)
    for p in range(40):
        x, y = position[p].tolist()
        expected = [interpolated(plane, x, y) for plane in maps[item[p]]]
        assert every[p].tolist() == pytest.approx(expected, abs=1e-12)
        assert one[p].item() == pytest.approx(expected[channel[p]], abs=1e-12)
