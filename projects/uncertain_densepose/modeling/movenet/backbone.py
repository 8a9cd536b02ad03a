"""MoveNet MultiPose Lightning (Google) as a backbone: its layers, its weights, its features."""

from __future__ import annotations

from pathlib import Path

import torch
from detectron2.config import CfgNode
from detectron2.layers import Conv2d, ShapeSpec
from detectron2.modeling import BACKBONE_REGISTRY, FPN, Backbone
from detectron2.modeling.backbone.fpn import LastLevelMaxPool
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from ...config import ConfigError
from .layers import RELU6, InvertedResidual, SamePaddedConv2d, SeparableConv2d

WEIGHTS = Path(__file__).with_name("movenet_multipose.safetensors")
"""The released weights, in half precision as they were published; NOTICE says from where."""

PIXEL_MEAN = PIXEL_STD = 127.501946
"""Pixels of 0 to 255 are read as -1 to 1, padding as grey; by 2/255 in half precision, as there."""

STEM_CHANNELS = 48
STAGES = {
    "res2": (4, ((6, 40, 2, 2),)),
    "res3": (8, ((6, 48, 3, 2),)),
    "res4": (16, ((6, 96, 4, 2), (6, 144, 3, 1))),
    "res5": (32, ((6, 240, 3, 2), (6, 480, 1, 1))),
}
"""By name, the stride and the groups of blocks: expansion, channels, blocks, first stride."""

TOP_CHANNELS = 1280
PYRAMID_CHANNELS = {"res2": 24, "res3": 24, "res4": 32, "res5": 64}
NUM_KEYPOINTS = 17
HIDDEN_CHANNELS = 96
HEAT_SCALE = 4.0
"""Factor of the heat maps, which lie in 0..1 and are small almost everywhere."""


class MoveNet(Backbone):
    """MobileNetV2 of width 1.5, MoveNet's feature pyramid, and the inside of two of its heads.

    Outputs, by name, with their strides and channels:

    - `res2` (4; 177): the stage (40), the pyramid (24), the probability of each of COCO's 17
      keypoints times `HEAT_SCALE`, and the hidden layer of the regression from a person's centre
      to their keypoints (96);
    - `res3` (8; 72), `res4` (16; 176), `res5` (32; 544): the stage and the pyramid.

    The input is (N, 3, H, W), H and W multiples of 32, RGB in -1..1.
    """

    def __init__(self, freeze_at: int = 5, input_format: str = "RGB"):
        """Build the network with its released weights.

        Args:
            freeze_at: as Detectron2's: 0 trains everything, 1 freezes the first convolution and
                block, 2 to 4 the stages to `res2`..`res4` too, 5 the whole network.
            input_format: "RGB" or "BGR", the order in which channels come.
        """
        super().__init__()
        self._flips = {"RGB": False, "BGR": True}[input_format]
        self.stem = nn.Sequential(
            SamePaddedConv2d(3, STEM_CHANNELS, 3, stride=2, activation=RELU6),
            InvertedResidual(STEM_CHANNELS, 24, stride=1, expansion=1),
        )
        channels = 24
        for name, (_, groups) in STAGES.items():
            blocks: list[nn.Module] = []
            for expansion, out_channels, repeats, stride in groups:
                for index in range(repeats):
                    step = stride if index == 0 else 1
                    blocks.append(InvertedResidual(channels, out_channels, step, expansion))
                    channels = out_channels
            self.add_module(name, nn.Sequential(*blocks))
        self.pyramid = Pyramid()
        self.heat_maps = nn.Sequential(
            SeparableConv2d(PYRAMID_CHANNELS["res2"], HIDDEN_CHANNELS),
            Conv2d(HIDDEN_CHANNELS, NUM_KEYPOINTS, 1),
        )
        self.regression = SeparableConv2d(PYRAMID_CHANNELS["res2"], HIDDEN_CHANNELS)

        own = {"res2": 40, "res3": 48, "res4": 144, "res5": 480}
        own["res2"] += NUM_KEYPOINTS + HIDDEN_CHANNELS
        self._out_features = list(STAGES)
        self._out_feature_strides = {name: stride for name, (stride, _) in STAGES.items()}
        self._out_feature_channels = {name: own[name] + PYRAMID_CHANNELS[name] for name in STAGES}
        self.load_state_dict(load_file(WEIGHTS))
        self._freeze(freeze_at)

    @property
    def size_divisibility(self) -> int:
        """Of height and width of the input: the pyramid doubles sizes."""
        return 32

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """The features by name, as the class says."""
        stages, pyramid = self._features(x)
        heat = HEAT_SCALE * self.heat_maps(pyramid["res2"]).sigmoid()
        more = {"res2": (heat, self.regression(pyramid["res2"]))}
        return {
            name: torch.cat((stages[name], pyramid[name], *more.get(name, ())), dim=1)
            for name in STAGES
        }

    def keypoint_probability(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 17, H / 4, W / 4), how likely each keypoint of somebody lies in each cell."""
        return self.heat_maps(self._features(x)[1]["res2"]).sigmoid()

    def _features(self, x: torch.Tensor) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        x = x.flip(1) if self._flips else x
        # Faster on CPUs; weights stay as files of weights have them.
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        stages = {}
        for name in STAGES:
            blocks = self.get_submodule(name)
            if name == "res4":
                # The pyramid branches off before the channels widen.
                x = stages["lateral"] = blocks[:4](x)
                x = stages[name] = blocks[4:](x)
            else:
                x = stages[name] = blocks(x)
        return stages, self.pyramid(stages)

    def _freeze(self, freeze_at: int) -> None:
        parts: list[nn.Module] = [self.stem, *(self.get_submodule(name) for name in STAGES)]
        for part in [self] if freeze_at >= len(parts) else parts[:freeze_at]:
            part.requires_grad_(False)


class Pyramid(nn.Module):
    """MoveNet's own feature pyramid."""

    def __init__(self):
        super().__init__()
        self.top = nn.Sequential(
            Conv2d(480, TOP_CHANNELS, 1, activation=RELU6),
            Conv2d(TOP_CHANNELS, PYRAMID_CHANNELS["res5"], 1),
        )
        self.lateral = nn.ModuleDict(
            {"res4": Conv2d(96, 64, 1), "res3": Conv2d(48, 32, 1), "res2": Conv2d(40, 24, 1)}
        )
        self.smooth = nn.ModuleDict(
            {
                "res4": SeparableConv2d(64, PYRAMID_CHANNELS["res4"]),
                "res3": SeparableConv2d(32, PYRAMID_CHANNELS["res3"]),
                "res2": SeparableConv2d(24, PYRAMID_CHANNELS["res2"]),
            }
        )

    def forward(self, stages: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """A map per stage; `stages` has "lateral" beside them, what joins at stride 16."""
        level = self.top(stages["res5"])
        levels = {"res5": level}
        for name, source in (("res4", "lateral"), ("res3", "res3"), ("res2", "res2")):
            above = F.interpolate(level, scale_factor=2.0, mode="bilinear", align_corners=False)
            level = self.smooth[name](above + self.lateral[name](stages[source]))
            levels[name] = level
        return levels


@BACKBONE_REGISTRY.register()
def build_movenet_fpn_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> Backbone:
    """Detectron2's FPN on :class:`MoveNet`, frozen as `MODEL.BACKBONE.FREEZE_AT` says.

    Raises:
        ConfigError: the pixels are normalised in another way than the weights were trained on.
    """
    for key, value in (("PIXEL_MEAN", PIXEL_MEAN), ("PIXEL_STD", PIXEL_STD)):
        if any(abs(one - value) > 0.01 for one in cfg.MODEL[key]):
            raise ConfigError(
                f"MODEL.{key} is {list(cfg.MODEL[key])}, and MoveNet was trained with {value} for "
                "each channel"
            )
    return FPN(
        MoveNet(cfg.MODEL.BACKBONE.FREEZE_AT, cfg.INPUT.FORMAT),
        cfg.MODEL.FPN.IN_FEATURES,
        cfg.MODEL.FPN.OUT_CHANNELS,
        norm=cfg.MODEL.FPN.NORM,
        top_block=LastLevelMaxPool(),
        fuse_type=cfg.MODEL.FPN.FUSE_TYPE,
    )
