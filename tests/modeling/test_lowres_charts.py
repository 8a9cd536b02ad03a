"""Reading at points equals reading the dense upsampled map, values and gradients."""

import pytest
import torch
import torch.nn.functional as F

from uncertain_densepose.modeling.lowres_charts import PointReader


def dense_read(maps, box, position, scale, channel):
    """Upsample everything, then sample bilinearly: the slow twin."""
    dense = F.interpolate(maps, scale_factor=scale, mode="bilinear", align_corners=False)
    side = dense.shape[-1]
    grid = (2 * position / (side - 1) - 1)[:, None, None, :]
    values = F.grid_sample(dense[box], grid, align_corners=True, padding_mode="border")
    return values[torch.arange(len(box)), channel, 0, 0]


@pytest.mark.parametrize(("size", "scale"), [(7, 2), (28, 2), (5, 3), (4, 1)])
def test_values_and_gradients_equal_those_of_the_dense_map(size, scale):
    generator = torch.Generator().manual_seed(size)
    maps = torch.randn(3, 5, size, size, generator=generator, dtype=torch.float64)
    box = torch.randint(0, 3, (200,), generator=generator)
    channel = torch.randint(0, 5, (200,), generator=generator)
    # Also beyond the border, where both clamp.
    span = size * scale
    position = (span + 2) * torch.rand(200, 2, generator=generator, dtype=torch.float64) - 1
    weight = torch.randn(200, generator=generator, dtype=torch.float64)

    fast, slow = maps.clone().requires_grad_(), maps.clone().requires_grad_()
    found = PointReader(box, position, size, scale)(fast, channel)
    expected = dense_read(slow, box, position, scale, channel)
    torch.testing.assert_close(found, expected)
    (found * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(fast.grad, slow.grad)


def test_all_channels_at_once_equal_single_ones():
    maps = torch.randn(2, 4, 6, 6)
    box, position = torch.tensor([0, 1, 1]), 12 * torch.rand(3, 2)
    read = PointReader(box, position, 6, 2)
    together = read(maps)
    for channel in range(4):
        torch.testing.assert_close(together[:, channel], read(maps, torch.full((3,), channel)))


def test_half_precision_maps_are_read_in_float32():
    maps = torch.randn(1, 1, 4, 4, dtype=torch.bfloat16)
    read = PointReader(torch.tensor([0]), torch.tensor([[1.3, 2.2]]), 4, 2)
    assert read(maps).dtype == torch.float32


def test_no_points():
    read = PointReader(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 2), 4, 2)
    assert read(torch.zeros(0, 3, 4, 4)).shape == (0, 3)
