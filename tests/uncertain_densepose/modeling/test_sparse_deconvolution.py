"""Transposed convolutions at points against those that make whole maps."""

import pytest
import torch
from torch import nn

from tests.uncertain_densepose.modeling.taps_reader import read_taps
from uncertain_densepose.modeling.point_taps import InputTaps, input_taps
from uncertain_densepose.modeling.sparse_deconvolution import deconvolve

FEATURES, SIDE, BOXES = 6, 5, 3


def layer(channels, kernel_size, seed):
    torch.manual_seed(seed)
    padding = kernel_size // 2 - 1
    return nn.ConvTranspose2d(FEATURES, channels, kernel_size, stride=2, padding=padding).double()


def random_taps(points, seed=0):
    """Box, and three cells in a row of the output with weights of sum one, along x and y."""
    generator = torch.Generator().manual_seed(seed)
    box = torch.randint(0, BOXES, (points,), generator=generator)
    axes = []
    for _ in range(2):
        first = torch.randint(0, 2 * SIDE, (points, 1), generator=generator)
        weight = torch.rand(points, 3, generator=generator, dtype=torch.float64)
        cells = first + torch.arange(3)
        weight = weight * (cells < 2 * SIDE)
        axes.append((cells.clamp_max(2 * SIDE - 1), weight / weight.sum(dim=1, keepdim=True)))
    return box, *axes


def to_input(box, x, y, kernel_size):
    (x, taps_x), (y, taps_y) = (input_taps(*axis, SIDE, kernel_size) for axis in (x, y))
    return InputTaps(box, y, x, taps_y, taps_x)


def assert_same(found, expected, leaves):
    """The same tensors, and the same gradients of a random combination of each pair."""
    generator = torch.Generator().manual_seed(5)
    slopes = [torch.randn(x.shape, generator=generator, dtype=x.dtype) for x in expected]
    gradients = []
    for tensors in (found, expected):
        total = sum((x * slope).sum() for x, slope in zip(tensors, slopes, strict=True))
        gradients.append(torch.autograd.grad(total, leaves))
    for mine, twin in zip((*found, *gradients[0]), (*expected, *gradients[1]), strict=True):
        torch.testing.assert_close(mine, twin)


@pytest.mark.parametrize("kernel_size", [2, 4, 6])
@pytest.mark.parametrize("points", [0, 1, 150])
def test_values_and_gradients_are_those_of_the_maps(kernel_size, points):
    features = torch.randn(BOXES, FEATURES, SIDE, SIDE, dtype=torch.float64, requires_grad=True)
    dense, *sparse = (layer(channels, kernel_size, channels) for channels in (2, 4, 3))
    box, x, y = random_taps(points)
    found = deconvolve(features, [dense], sparse, to_input(box, x, y, kernel_size))
    maps = torch.cat([single(features) for single in sparse], dim=1)
    expected = dense(features), read_taps(maps, box, x, y)
    leaves = [features, *(p for single in (dense, *sparse) for p in single.parameters())]
    assert_same(found, expected, leaves)


def test_features_that_are_channels_last():
    features = torch.randn(BOXES, FEATURES, SIDE, SIDE, dtype=torch.float64)
    dense, sparse = layer(2, 4, 0), layer(3, 4, 1)
    taps = to_input(*random_taps(40), 4)
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        leaf = features.clone(memory_format=layout).requires_grad_()
        maps, values = deconvolve(leaf, [dense], [sparse], taps)
        (gradient,) = torch.autograd.grad(maps.square().sum() + values.square().sum(), [leaf])
        results.append((maps, values, gradient))
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)


def test_no_boxes():
    features = torch.zeros(0, FEATURES, SIDE, SIDE, dtype=torch.float64, requires_grad=True)
    dense, sparse = layer(2, 4, 0), layer(3, 4, 1)
    taps = to_input(*random_taps(0), 4)
    maps, values = deconvolve(features, [dense], [sparse], taps)
    assert maps.shape == (0, 2, 2 * SIDE, 2 * SIDE) and values.shape == (0, 3)
    (maps.sum() + values.sum()).backward()
    assert features.grad.shape == features.shape
    assert not sparse.weight.grad.any() and not dense.bias.grad.any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_features_give_float32_near_the_exact_values(dtype):
    torch.manual_seed(2)
    features = torch.randn(BOXES, FEATURES, SIDE, SIDE).to(dtype)
    dense, sparse = layer(2, 4, 0).float(), layer(3, 4, 1).float()
    box, x, y = random_taps(30)
    leaf = features.clone().requires_grad_()
    maps, values = deconvolve(leaf, [dense], [sparse], to_input(box, x, y, 4))
    assert maps.dtype == values.dtype == torch.float32
    exact = read_taps(sparse(features.float()), box, x, y)
    torch.testing.assert_close(values, exact, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(maps, dense(features.float()), rtol=0.02, atol=0.02)
    (maps.sum() + values.sum()).backward()
    assert leaf.grad.dtype == dtype and leaf.grad.isfinite().all()


def test_the_gradient_of_the_features_takes_further_gradients_in_place():
    # Otherwise a second array as large as the features would be made.
    features = torch.randn(BOXES, FEATURES, SIDE, SIDE, dtype=torch.float64, requires_grad=True)
    pooled = features.sum(dim=(2, 3))
    maps, values = deconvolve(
        features, [layer(2, 4, 0)], [layer(3, 4, 1)], to_input(*random_taps(9), 4)
    )
    seen = []
    node = values.grad_fn.next_functions[0][0]
    node.register_hook(lambda inputs, _: seen.append(inputs[0].data_ptr()))
    (gradient,) = torch.autograd.grad(maps.sum() + values.sum() + pooled.sum(), [features])
    assert gradient.data_ptr() == seen[0]
