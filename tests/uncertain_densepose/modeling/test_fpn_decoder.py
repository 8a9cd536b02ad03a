"""The decoder against its definition: convolve and double each level, add, project."""

import pytest
import torch
from detectron2.layers import ShapeSpec
from torch.nn import functional as F

from uncertain_densepose.modeling.fpn_decoder import Decoder

STRIDES = {"p2": 4, "p3": 8, "p4": 16, "p5": 32}


def plain_twin(state, features, group_norm):
    """The joined map, from the state dict alone."""

    def convolve(x, name):
        x = F.conv2d(x, state[f"{name}.weight"], state.get(f"{name}.bias"), padding=1)
        if group_norm:
            x = F.group_norm(x, 32, state[f"{name}.norm.weight"], state[f"{name}.norm.bias"])
        return x.relu()

    total = 0
    for name, doublings in (("p2", 0), ("p3", 1), ("p4", 2), ("p5", 3)):
        x = features[name]
        for k in range(max(1, doublings)):
            x = convolve(x, f"{name}.{2 * k}")
            if doublings:
                x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        total = total + x
    return F.conv2d(total, state["predictor.weight"], state["predictor.bias"])


@pytest.mark.parametrize("norm", ["", "GN"])
def test_the_decoder_is_its_definition_in_value_and_gradient(norm):
    generator = torch.Generator().manual_seed(0)

    def random(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    decoder = Decoder(
        input_shape={name: ShapeSpec(channels=5, stride=s) for name, s in STRIDES.items()},
        in_features=list(STRIDES),
        conv_dim=64,
        num_channels=7,
        common_stride=4,
        norm=norm,
    ).double()
    for parameter in decoder.parameters():
        parameter.data = 0.1 * random(*parameter.shape)
    features = {n: random(2, 5, 96 // s, 64 // s).requires_grad_() for n, s in STRIDES.items()}
    found, expected = (
        decoder(features),
        plain_twin(dict(decoder.named_parameters()), features, norm),
    )
    assert found.shape == (2, 7, 24, 16)
    assert torch.equal(found, expected)
    leaves = [*features.values(), *decoder.parameters()]
    weight = random(*found.shape)
    for a, b in zip(
        torch.autograd.grad((found * weight).sum(), leaves),
        torch.autograd.grad((expected * weight).sum(), leaves),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_a_level_that_is_not_joined_has_no_layers():
    decoder = Decoder(
        input_shape={name: ShapeSpec(channels=5, stride=s) for name, s in STRIDES.items()},
        in_features=["p3", "p2"],
        conv_dim=8,
        num_channels=7,
        common_stride=4,
        norm="",
    )
    assert {name.split(".")[0] for name in decoder.state_dict()} == {"p2", "p3", "predictor"}
