"""The bilinear reader against grid_sample and against a loop in plain arithmetic, in float64."""

import pytest
import torch
import torch.nn.functional as F

from uncertain_densepose.structures.bilinear import (
    axis_taps,
    corners_of,
    interpolate,
    linear_taps,
)


def read(maps, item, corners, channel=slice(None)):
    planes = maps.flatten(2)
    return interpolate(corners, lambda cell: planes[item, channel, cell])


@pytest.mark.parametrize("size", [1, 2, 9])
def test_values_and_gradients_equal_grid_sample(size):
    generator = torch.Generator().manual_seed(size)
    maps = torch.randn(4, 3, size, size, generator=generator, dtype=torch.float64)
    item = torch.randint(0, 4, (50,), generator=generator)
    # Also outside the box, where both clamp.
    xy = 1.2 * torch.rand(50, 2, generator=generator, dtype=torch.float64) - 0.1
    slope = torch.randn(50, 3, generator=generator, dtype=torch.float64)

    def fast(maps, xy):
        return read(maps, item, corners_of(*(axis_taps(x, size) for x in xy.T), size))

    def slow(maps, xy):
        grid = (2 * xy - 1)[:, None, None, :]
        sampled = F.grid_sample(maps[item], grid, align_corners=False, padding_mode="border")
        return sampled[:, :, 0, 0]

    results = []
    for way in (fast, slow):
        leaves = maps.clone().requires_grad_(), xy.clone().requires_grad_()
        values = way(*leaves)
        results.append((values, *torch.autograd.grad((values * slope).sum(), leaves)))
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)


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
def test_reading_equals_a_loop_over_points(size, layout):
    height, width = size
    generator = torch.Generator().manual_seed(height)
    maps = torch.randn(4, 6, height, width, generator=generator, dtype=torch.float64)
    item, channel = (torch.randint(0, n, (40,), generator=generator) for n in (4, 6))
    position = torch.rand(40, 2, generator=generator, dtype=torch.float64) * 10 - 1
    taps = (linear_taps(along, n) for along, n in zip(position.T, (width, height), strict=True))
    corners = corners_of(*taps, width)
    given = maps.contiguous(memory_format=layout)
    every, one = read(given, item, corners), read(given, item, corners, channel)
    for p in range(40):
        x, y = position[p].tolist()
        expected = [interpolated(plane, x, y) for plane in maps[item[p]]]
        assert every[p].tolist() == pytest.approx(expected, abs=1e-12)
        assert one[p].item() == pytest.approx(expected[channel[p]], abs=1e-12)


def test_no_points_are_read():
    none = torch.zeros(0)
    corners = corners_of(linear_taps(none, 4), linear_taps(none, 4), 4)
    maps = torch.ones(2, 3, 4, 4)
    assert read(maps, torch.zeros(0, dtype=torch.int64), corners).shape == (0, 3)
