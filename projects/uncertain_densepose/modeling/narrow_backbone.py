"""A ResNet-18 with FPN of any width, from Detectron2's blocks."""

from __future__ import annotations

from detectron2.layers import ShapeSpec
from detectron2.modeling import BACKBONE_REGISTRY, FPN, Backbone
from detectron2.modeling.backbone.fpn import LastLevelMaxPool
from detectron2.modeling.backbone.resnet import BasicBlock, BasicStem, ResNet

BLOCKS_PER_STAGE = 2


@BACKBONE_REGISTRY.register()
def build_narrow_resnet18_fpn_backbone(cfg, input_shape: ShapeSpec) -> Backbone:
    """ResNet-18 whose stages have `MODEL.RESNETS.RES2_OUT_CHANNELS` x 1, 2, 4, 8 channels, and FPN.

    Detectron2's own builder has the same keys and levels, and only the full width of 64.
    """
    options = cfg.MODEL.RESNETS
    stem = BasicStem(input_shape.channels, options.STEM_OUT_CHANNELS, options.NORM)
    stages, channels = [], options.STEM_OUT_CHANNELS
    for index in range(4):
        out_channels = options.RES2_OUT_CHANNELS * 2**index
        stage = ResNet.make_stage(
            BasicBlock,
            BLOCKS_PER_STAGE,
            stride_per_block=[1 if index == 0 else 2] + [1] * (BLOCKS_PER_STAGE - 1),
            in_channels=channels,
            out_channels=out_channels,
            norm=options.NORM,
        )
        stages.append(stage)
        channels = out_channels
    return FPN(
        ResNet(stem, stages, out_features=options.OUT_FEATURES),
        cfg.MODEL.FPN.IN_FEATURES,
        cfg.MODEL.FPN.OUT_CHANNELS,
        norm=cfg.MODEL.FPN.NORM,
        top_block=LastLevelMaxPool(),
        fuse_type=cfg.MODEL.FPN.FUSE_TYPE,
    )
