"""The directional model: a variance and a direction a point."""

from __future__ import annotations

import torch

from .base import register_noise_model
from .iid_iso import IidIso


@register_noise_model("indep_aniso")
class IndepAniso(IidIso):
    """Σ_i = s_i I + r_i r_iᵀ with r = (`kappa_u`, `kappa_v`), as DensePose parametrises it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # r = 0 is a saddle of the likelihood: its gradient there is zero.
        start = 0.5 * self.reference_variance**0.5
        self.point_fields.update(kappa_u=start, kappa_v=start)
        negligible = (0.5 * self.negligible_variance) ** 0.5
        self.extensions.append(dict(kappa_u=negligible, kappa_v=negligible))

    def parameters(self, logits):
        """See :meth:`NoiseModel.parameters`."""
        direction = torch.stack([logits["kappa_u"], logits["kappa_v"]])
        return super().parameters(logits) | {"direction": direction}
