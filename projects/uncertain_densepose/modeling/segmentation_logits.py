"""Logits of a segmentation with the confidence that scales them.

Shapes: R boxes, C classes, s x s cells before the bilinear upsampling and S x S after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from .lowres_charts import PointReader


def upsample(maps: torch.Tensor, scale: int) -> torch.Tensor:
    """Bilinear upsampling of (R, C, s, s), float32; of no boxes too."""
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
        logits: (R, C, s, s).
        confidence: (R, 1, s, s) before the softplus, or None for a confidence of one.
        epsilon: lower bound of the confidence.
    """

    logits: torch.Tensor
    confidence: torch.Tensor | None = None
    epsilon: float = 0.0

    def tensors(self) -> list[torch.Tensor]:
        """The tensors that there are."""
        return [self.logits] if self.confidence is None else [self.logits, self.confidence]

    def select(self, box: torch.Tensor) -> SegmentationLogits:
        """The maps of some boxes (R',) int64."""
        confidence = None if self.confidence is None else self.confidence[box]
        return SegmentationLogits(self.logits[box], confidence, self.epsilon)

    def _positive(self, confidence: torch.Tensor) -> torch.Tensor:
        return self.epsilon + F.softplus(confidence)

    def upsampled_confidence(self, scale: int) -> torch.Tensor | None:
        """(R, 1, S, S) positive, or None."""
        if self.confidence is None:
            return None
        return self._positive(upsample(self.confidence, scale))

    def upsampled(self, scale: int) -> torch.Tensor:
        """(R, C, S, S) logits times confidence."""
        confidence = self.upsampled_confidence(scale)
        logits = upsample(self.logits, scale)
        return logits if confidence is None else logits * confidence

    def at_points(self, read: PointReader) -> torch.Tensor:
        """(P, C) what bilinear sampling of :meth:`upsampled` gives."""
        if self.confidence is None:
            return read(self.logits)
        # A product is formed at cells of the upsampled map, before it is interpolated.
        confidence = self._positive(read.corners(self.confidence))
        return read.interpolate(read.corners(self.logits) * confidence)
