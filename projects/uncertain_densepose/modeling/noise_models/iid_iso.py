"""The elementary model: a variance a point."""

from __future__ import annotations

import torch.nn.functional as F

from .base import NoiseModel, register_noise_model, softplus_inverse


@register_noise_model("iid_iso")
class IidIso(NoiseModel):
    """Σ_i = s_i I with s = ε + softplus(`sigma_2`), as DensePose parametrises it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        start = max(self.reference_variance - self.epsilon, 0.1 * self.reference_variance)
        self.point_fields["sigma_2"] = softplus_inverse(start)

    def parameters(self, logits):
        """See :meth:`NoiseModel.parameters`."""
        return {"variance": self.epsilon + F.softplus(logits["sigma_2"])}
