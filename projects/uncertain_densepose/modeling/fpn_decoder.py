"""The semantic decoder that joins feature levels before pooling."""

from __future__ import annotations

import torch
from detectron2.config import configurable
from detectron2.layers import ShapeSpec
from detectron2.modeling.meta_arch.semantic_seg import SemSegFPNHead


class Decoder(SemSegFPNHead):
    """Panoptic FPN's semantic branch (Kirillov et al. 2019): levels to one map at stride 4.

    The layers of Detectron2's segmentation head, without its resizing and its loss.
    """

    @configurable
    def __init__(
        self,
        *,
        input_shape: dict[str, ShapeSpec],
        in_features: list[str],
        conv_dim: int,
        num_channels: int,
        common_stride: int,
        norm: str,
    ):
        """
        Args:
            input_shape: channels and stride of each level.
            in_features: names of the levels to join.
            conv_dim: channels within. num_channels: channels of the result.
            common_stride: stride of the result, pixels.
            norm: a norm of `detectron2.layers.get_norm`, "" for none.
        """
        super().__init__(
            {name: input_shape[name] for name in in_features},
            num_classes=num_channels,
            conv_dims=conv_dim,
            common_stride=common_stride,
            norm=norm,
        )

    @classmethod
    def from_config(cls, cfg, input_shape: dict[str, ShapeSpec], in_features: list[str]) -> dict:
        head = cfg.MODEL.ROI_DENSEPOSE_HEAD
        return {
            "input_shape": input_shape,
            "in_features": in_features,
            "conv_dim": head.DECODER_CONV_DIMS,
            "num_channels": head.DECODER_NUM_CLASSES,
            "common_stride": head.DECODER_COMMON_STRIDE,
            "norm": head.DECODER_NORM,
        }

    def forward(self, features: dict[str, torch.Tensor]) -> torch.Tensor:
        """Levels by name, (N, C, h, w) each, to (N, num_channels, H, W)."""
        return self.layers(features)
