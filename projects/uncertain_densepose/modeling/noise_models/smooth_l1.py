"""No noise model: DensePose's baseline."""

from __future__ import annotations

import torch.nn.functional as F

from .base import NoiseModel, register_noise_model


@register_noise_model("smooth_l1")
class SmoothL1(NoiseModel):
    """The Huber loss with a threshold of one chart unit, summed over coordinates."""

    def loss(self, mean_uv, target_uv, logits, group):
        """See :meth:`NoiseModel.loss`; not a likelihood."""
        return F.smooth_l1_loss(mean_uv, target_uv, reduction="sum")
