"""Taps before upsampling read what linear interpolation of the upsampled map does."""

import pytest
import torch
import torch.nn.functional as F

from tests.uncertain_densepose.modeling.taps_reader import read_taps
from uncertain_densepose.modeling.point_taps import upsampled_taps


@pytest.mark.parametrize(("size", "scale"), [(7, 2), (28, 2), (5, 3), (4, 1)])
def test_composed_taps_equal_sampling_of_the_dense_map(size, scale):
    generator = torch.Generator().manual_seed(size)
    maps = torch.randn(3, 5, size, size, generator=generator, dtype=torch.float64)
    box = torch.randint(0, 3, (200,), generator=generator)
    # Also beyond the border, where both clamp.
    span = size * scale
    position = (span + 2) * torch.rand(200, 2, generator=generator, dtype=torch.float64) - 1

    x, y = (upsampled_taps(along, size, scale) for along in position.T)
    found = read_taps(maps, box, x, y)
    dense = F.interpolate(maps, scale_factor=scale, mode="bilinear", align_corners=False)
    grid = (2 * position / (span - 1) - 1)[:, None, None, :]
    expected = F.grid_sample(dense[box], grid, align_corners=True, padding_mode="border")
    torch.testing.assert_close(found, expected[:, :, 0, 0])


def test_cells_follow_each_other_and_weights_sum_to_one():
    position = torch.linspace(-3, 30, 100)
    index, weight = upsampled_taps(position, 14, 2)
    assert index.min() == 0 and index.max() == 13
    assert (index.diff(dim=1)[weight[:, 1:] != 0] == 1).all()
    torch.testing.assert_close(weight.sum(dim=1), torch.ones(100))


def test_no_points():
    index, weight = upsampled_taps(torch.zeros(0), 4, 2)
    assert index.shape == weight.shape == (0, 3)
