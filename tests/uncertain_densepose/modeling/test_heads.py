"""Heads against written-out twins."""

import pytest
import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling import build_roi_heads
from torch.nn import functional as F

from tests.model_factory import make_config
from uncertain_densepose.config import ConfigError
from uncertain_densepose.modeling.atrous_pooling import ASPP, NonLocalBlock
from uncertain_densepose.modeling.deeplab_head import DensePoseDeepLabHead


def randomised(module, seed=0):
    torch.manual_seed(seed)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return module.double()


def test_the_pyramid_joins_its_branches():
    module = randomised(ASPP(32, (2, 5)))
    x = torch.randn(3, 32, 6, 6, dtype=torch.float64)
    weights = dict(module.named_parameters())

    def normalised(y, name):
        return F.relu(F.group_norm(y, 32, weights[f"{name}.weight"], weights[f"{name}.bias"]))

    branches = [normalised(F.conv2d(x, weights["convs.0.0.weight"]), "convs.0.1")]
    for k, dilation in ((1, 2), (2, 5)):
        y = F.conv2d(x, weights[f"convs.{k}.0.weight"], padding=dilation, dilation=dilation)
        branches.append(normalised(y, f"convs.{k}.1"))
    mean = x.mean(dim=(2, 3), keepdim=True)
    pooled = normalised(F.conv2d(mean, weights["convs.3.1.weight"]), "convs.3.2")
    branches.append(pooled.expand_as(x))
    expected = F.relu(F.conv2d(torch.cat(branches, dim=1), weights["project.0.weight"]))
    torch.testing.assert_close(module(x), expected)


def test_attention_gathers_over_the_cells_of_its_own_box():
    module = randomised(NonLocalBlock(32))
    x = torch.randn(2, 32, 4, 4, dtype=torch.float64)
    expected = x.clone()
    for n in range(2):
        theta = module.theta(x[n : n + 1])[0].flatten(1)
        phi, g = module.phi(x[n : n + 1])[0].flatten(1), module.g(x[n : n + 1])[0].flatten(1)
        gathered = torch.zeros(16, 16, dtype=torch.float64)
        for cell in range(16):
            similarity = torch.stack([theta[:, cell] @ phi[:, k] for k in range(4)])
            gathered[:, cell] = g @ similarity.softmax(0)
        expected[n] += module.W(gathered.view(1, 16, 4, 4))[0]
    torch.testing.assert_close(module(x), expected)


def test_attention_starts_as_the_identity():
    x = torch.randn(2, 32, 4, 4)
    torch.testing.assert_close(NonLocalBlock(32)(x), x)


@pytest.mark.parametrize("non_local", [False, True])
@pytest.mark.parametrize("boxes", [0, 3])
def test_any_number_of_boxes_goes_through(boxes, non_local):
    head = DensePoseDeepLabHead(
        input_channels=32,
        conv_dim=64,
        kernel_size=3,
        num_convs=2,
        norm="GN",
        non_local=non_local,
    )
    out = head(torch.randn(boxes, 32, 8, 8, requires_grad=True))
    assert out.shape == (boxes, 64, 8, 8)
    out.sum().backward()
    assert all(p.grad is not None for p in head.parameters())


def test_channels_that_cannot_be_normalised_are_refused():
    cfg = make_config("full", "MODEL.ROI_DENSEPOSE_HEAD.NAME", "DensePoseDeepLabHead")
    shapes = {f"p{k}": ShapeSpec(channels=48, stride=2**k) for k in range(2, 6)}
    with pytest.raises(ConfigError, match="MODEL.FPN.OUT_CHANNELS"):
        build_roi_heads(cfg, shapes)
