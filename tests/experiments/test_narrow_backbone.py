import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling.backbone.fpn import build_resnet_fpn_backbone

from uncertain_densepose.experiments.narrow_backbone import build_narrow_resnet18_fpn_backbone


def test_at_full_width_it_is_detectron2s(tiny_experiment):
    cfg = tiny_experiment(
        "MODEL.RESNETS.DEPTH", "18", "MODEL.RESNETS.STEM_OUT_CHANNELS", "64",
        "MODEL.RESNETS.RES2_OUT_CHANNELS", "64", "MODEL.FPN.OUT_CHANNELS", "32",
    )  # fmt: skip
    narrow, reference = (
        build(cfg, ShapeSpec(channels=3)).eval()
        for build in (build_narrow_resnet18_fpn_backbone, build_resnet_fpn_backbone)
    )
    narrow.load_state_dict(reference.state_dict())
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        found, expected = narrow(image), reference(image)
    for level in ("p2", "p3", "p4", "p5"):
        assert torch.equal(found[level], expected[level])
        assert narrow.output_shape()[level] == reference.output_shape()[level]


def test_its_width_is_that_of_the_config(tiny_experiment):
    cfg = tiny_experiment("MODEL.RESNETS.RES2_OUT_CHANNELS", "24")
    backbone = build_narrow_resnet18_fpn_backbone(cfg, ShapeSpec(channels=3))
    stages = backbone.bottom_up.output_shape()
    assert [stages[name].channels for name in ("res2", "res3", "res4", "res5")] == [24, 48, 96, 192]
