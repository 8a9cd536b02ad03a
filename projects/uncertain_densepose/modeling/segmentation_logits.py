"""Logits of a segmentation with the confidence that scales them.

Shapes: R boxes, C classes, s x s cells before the bilinear upsampling and S x S after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F


def upsample(maps: torch.Tensor, scale: int) -> torch.Tensor:
    """(R, C, s, s) to (R, C, S, S) with S = scale * s, bilinearly, float32; R may be 0."""
    if not len(maps):
        side = scale * maps.shape[-1]
        return maps.new_zeros(0, maps.shape[1], side, side, dtype=torch.float32)
    return F.interpolate(maps.float(), scale_factor=scale, mode="bilinear", align_corners=False)


@dataclass
class SegmentationLogits:
    """Raw logits, and raw maps of how much they can be trusted.

    DensePose's `SEGM_CONFIDENCE`: the upsampled logits are multiplied by
    ε + softplus(`confidence`), an inverse temperature of their softmax that varies over the box.

    Attributes:
        logits: (R, C, s, s), or (P, C) at points of the upsampled maps.
        confidence: (R, 1, s, s) or (P, 1) before the softplus, or None for a confidence of one.
        epsilon: lower bound of the confidence.
    """

    logits: torch.Tensor
    confidence: torch.Tensor | None = None
    epsilon: float = 0.0

    def tensors(self) -> list[torch.Tensor]:
        """`logits`, and `confidence` if there is one."""
        return [self.logits] if self.confidence is None else [self.logits, self.confidence]

    def select(self, box: torch.Tensor) -> SegmentationLogits:
        """The same for boxes (R',) int64 in 0..R-1 alone."""
        confidence = None if self.confidence is None else self.confidence[box]
        return SegmentationLogits(self.logits[box], confidence, self.epsilon)

    def positive_confidence(self) -> torch.Tensor | None:
        """ε + softplus(`confidence`), (R, 1, s, s) or (P, 1); None without a confidence."""
        return None if self.confidence is None else self.epsilon + F.softplus(self.confidence)

    def scaled(self) -> torch.Tensor:
        """Logits times positive confidence: (R, C, s, s) or (P, C), as `logits`."""
        confidence = self.positive_confidence()
        return self.logits if confidence is None else self.logits * confidence

    def upsampled(self, scale: int) -> SegmentationLogits:
        """Both raw maps upsampled to S = scale * s: (R, C, S, S) and (R, 1, S, S), float32."""
        confidence = None if self.confidence is None else upsample(self.confidence, scale)
        return SegmentationLogits(upsample(self.logits, scale), confidence, self.epsilon)
