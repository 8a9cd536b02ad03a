"""MoveNet MultiPose, a network that found people in photographs, as a backbone; see NOTICE."""

from .backbone import PIXEL_MEAN, PIXEL_STD, MoveNet, build_movenet_fpn_backbone

__all__ = ["PIXEL_MEAN", "PIXEL_STD", "MoveNet", "build_movenet_fpn_backbone"]
