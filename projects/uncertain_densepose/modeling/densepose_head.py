"""The registry of heads: pooled features of a box to the features that a predictor reads."""

from __future__ import annotations

from detectron2.utils.registry import Registry
from torch import nn

ROI_DENSEPOSE_HEAD_REGISTRY = Registry("ROI_DENSEPOSE_HEAD")
ROI_DENSEPOSE_HEAD_REGISTRY.__doc__ = """
Heads of `MODEL.ROI_DENSEPOSE_HEAD.NAME`.

The registered object is called with `obj(cfg, input_channels)`. It returns a `nn.Module` that
maps (R, input_channels, s, s) to (R, n_out_channels, s, s) and has the attribute
`n_out_channels`.
"""


def build_densepose_head(cfg, input_channels: int) -> nn.Module:
    """The head that `MODEL.ROI_DENSEPOSE_HEAD.NAME` names."""
    name = cfg.MODEL.ROI_DENSEPOSE_HEAD.NAME
    return ROI_DENSEPOSE_HEAD_REGISTRY.get(name)(cfg, input_channels)
