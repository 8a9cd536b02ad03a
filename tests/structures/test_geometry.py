"""Frames of positions, and reading maps at positions, against the slow way."""

import pytest
import torch
import torch.nn.functional as F

from uncertain_densepose.structures import box_to_image_xy, image_to_box_xy
from uncertain_densepose.structures.geometry import gather_taps, inside_box, linear_taps


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
