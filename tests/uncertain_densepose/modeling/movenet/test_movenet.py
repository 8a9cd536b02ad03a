"""The backbone against the published network, run by TensorFlow.js, and against torch's padding."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling import build_backbone
from torch.nn import functional as F

from tests.model_factory import make_config
from uncertain_densepose.config import ConfigError
from uncertain_densepose.modeling.movenet import PIXEL_MEAN, PIXEL_STD, MoveNet
from uncertain_densepose.modeling.movenet.backbone import WEIGHTS
from uncertain_densepose.modeling.movenet.layers import SamePaddedConv2d
from uncertain_densepose.weights_file import sha256_of

REFERENCE = Path(__file__).with_name("movenet_heat_maps.json")
"""Made by lab/backbones/movenet_reference.mjs."""


def picture(height: int, width: int) -> torch.Tensor:
    """The picture of that script, (3, height, width), RGB."""
    y, x = np.mgrid[:height, :width]
    dx = 2 * x - width
    head = 9 * dx * dx + 9 * (8 * y - height) ** 2 < height * height
    body = 36 * dx * dx + (4 * y - 2 * height) ** 2 < height * height
    texture = (x * x + 3 * x * y + 7 * y) % 97
    channels = [np.select([head, body], values) for values in ([220, 40], [170, 60], [140, 160])]
    around = (texture + 60, texture + 90, 150 - texture)
    return torch.from_numpy(
        np.stack([np.where(head | body, c, t) for c, t in zip(channels, around, strict=True)])
    ).float()


def read(picture: torch.Tensor) -> torch.Tensor:
    return ((picture - PIXEL_MEAN) / PIXEL_STD)[None]


def build(*overrides):
    movenet = (
        *("MODEL.BACKBONE.NAME", "build_movenet_fpn_backbone", "INPUT.FORMAT", "RGB"),
        *("MODEL.PIXEL_MEAN", [PIXEL_MEAN] * 3, "MODEL.PIXEL_STD", [PIXEL_STD] * 3),
    )
    return build_backbone(make_config("full", *movenet, *overrides), ShapeSpec(channels=3))


@pytest.fixture(scope="module")
def movenet():
    return MoveNet()


@pytest.mark.parametrize("index", [0, 1])
def test_heat_maps_are_those_of_the_published_network(movenet, index):
    reference = json.loads(REFERENCE.read_text())[index]
    height, width = reference["height"], reference["width"]
    expected = torch.tensor(reference["heat"]).reshape(height // 4, width // 4, 17).permute(2, 0, 1)
    found = movenet.keypoint_probability(read(picture(height, width)))[0]
    assert ((found - expected) / expected).abs().max() < 1e-4


def test_the_other_order_of_channels_gives_the_same(movenet):
    image = read(picture(64, 32))
    for name, features in MoveNet(input_format="BGR")(image.flip(1)).items():
        torch.testing.assert_close(features, movenet(image)[name])


def test_features_have_the_stated_shapes(movenet):
    features = movenet(torch.zeros(2, 3, 64, 96))
    for name, spec in movenet.output_shape().items():
        size = (64 // spec.stride, 96 // spec.stride)
        assert features[name].shape == (2, spec.channels, *size), name
    assert list(features) == ["res2", "res3", "res4", "res5"]


@pytest.mark.parametrize("size", [7, 8, 9])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (2, 3), (5, 2)])
def test_padding_is_that_of_tensorflow(size, kernel, stride):
    torch.manual_seed(0)
    layer = SamePaddedConv2d(1, 1, kernel, stride=stride, bias=False).double()
    x = torch.randn(1, 1, size, size, dtype=torch.float64)
    count = -(-size // stride)
    # Output k reads from k * stride - before, by the definition of SAME.
    before = max((count - 1) * stride + kernel - size, 0) // 2
    wide = F.pad(x, (kernel,) * 4)
    expected = torch.stack(
        [
            torch.stack(
                [
                    (layer.weight[0, 0] * wide[0, 0, r : r + kernel, c : c + kernel]).sum()
                    for c in kernel - before + stride * torch.arange(count)
                ]
            )
            for r in kernel - before + stride * torch.arange(count)
        ]
    )
    torch.testing.assert_close(layer(x)[0, 0], expected)


def test_a_frozen_network_keeps_no_gradients():
    backbone = build("MODEL.BACKBONE.FREEZE_AT", 5)
    frozen = [name for name, p in backbone.named_parameters() if not p.requires_grad]
    assert len(frozen) == len(list(backbone.bottom_up.parameters()))
    features = backbone.bottom_up(torch.zeros(1, 3, 32, 32))
    assert not any(map(torch.Tensor.requires_grad.__get__, features.values()))


@pytest.mark.parametrize("freeze_at", [0, 1, 3])
def test_stages_are_frozen_from_the_first(freeze_at):
    network = MoveNet(freeze_at)
    frozen = {name.split(".")[0] for name, p in network.named_parameters() if not p.requires_grad}
    trained = {name.split(".")[0] for name, p in network.named_parameters() if p.requires_grad}
    assert frozen == set(("stem", "res2", "res3")[:freeze_at])
    assert trained == {*("stem", "res2", "res3", "res4", "res5")[freeze_at:]} | {
        *("pyramid", "heat_maps", "regression")
    }
    network(torch.rand(1, 3, 32, 32))["res5"].sum().backward()
    assert network.res5[-1].project.weight.grad.abs().max() > 0
    assert (network.stem[0].weight.grad is None) == (freeze_at > 0)


def test_it_is_an_fpn_of_detectron2():
    backbone = build()
    assert backbone.size_divisibility == 32
    features = backbone(torch.zeros(1, 3, 64, 64))
    assert {name: spec.stride for name, spec in backbone.output_shape().items()} == {
        name: 64 // features[name].shape[-1] for name in features
    }


def test_pixels_normalised_in_another_way_are_refused():
    with pytest.raises(ConfigError, match="MODEL.PIXEL_STD is .* trained with 127.5"):
        build("MODEL.PIXEL_STD", [1.0, 1.0, 1.0])


def test_the_notice_names_the_weights():
    notice = WEIGHTS.with_name("NOTICE").read_text()
    assert sha256_of(WEIGHTS) in re.findall(r"[0-9a-f]{64}", notice)
