"""The correlated model: besides its own error, a point has one that its part shares."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from .base import register_noise_model, softplus_inverse
from .indep_aniso import IndepAniso


@register_noise_model("full")
class Full(IndepAniso):
    """δ_i = z_g + r_i η_i + ξ_i with z_g ~ N(0, σ_g I), σ_g = softplus(`shared_variance`).

    The model of Neverova et al. (NeurIPS 2019). A group g is a chart of one box; σ_g (a
    variance) is predicted once for it, from the features of the whole box.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.shared_fields["shared_variance"] = softplus_inverse(0.25 * self.reference_variance)
        self.extensions.append(dict(shared_variance=softplus_inverse(self.negligible_variance)))

    def parameters(self, logits):
        """See :meth:`NoiseModel.parameters`."""
        shared = F.softplus(logits["shared_variance"])
        covariance = shared[..., None, None] * torch.eye(2, dtype=shared.dtype).to(shared.device)
        return super().parameters(logits) | {"shared_covariance": covariance}
