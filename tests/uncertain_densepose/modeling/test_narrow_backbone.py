"""The narrow ResNet-18 with FPN: Detectron2's at full width, and any other."""

import pytest
import torch
from detectron2.config import get_cfg
from detectron2.layers import ShapeSpec
from detectron2.modeling.backbone.fpn import build_resnet_fpn_backbone

from uncertain_densepose.modeling import build_narrow_resnet18_fpn_backbone

IMAGE = ShapeSpec(channels=3)
STAGES = ["res2", "res3", "res4", "res5"]


def config(stem: int, width: int):
    cfg = get_cfg()
    cfg.MODEL.RESNETS.DEPTH = 18
    cfg.MODEL.RESNETS.STEM_OUT_CHANNELS = stem
    cfg.MODEL.RESNETS.RES2_OUT_CHANNELS = width
    cfg.MODEL.RESNETS.OUT_FEATURES = STAGES
    cfg.MODEL.FPN.IN_FEATURES = STAGES
    cfg.MODEL.FPN.OUT_CHANNELS = 32
    return cfg


def test_at_full_width_it_is_detectron2s():
    narrow, reference = (
        build(config(64, 64), IMAGE).eval()
        for build in (build_narrow_resnet18_fpn_backbone, build_resnet_fpn_backbone)
    )
    narrow.load_state_dict(reference.state_dict())
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        found, expected = narrow(image), reference(image)
    assert list(found) == list(expected)
    for level in expected:
        assert torch.equal(found[level], expected[level])
        assert narrow.output_shape()[level] == reference.output_shape()[level]


@pytest.mark.parametrize("width", [8, 24])
def test_its_width_is_that_of_the_config(width):
    backbone = build_narrow_resnet18_fpn_backbone(config(16, width), IMAGE)
    stages = backbone.bottom_up.output_shape()
    assert [stages[name].channels for name in STAGES] == [width * 2**k for k in range(4)]
