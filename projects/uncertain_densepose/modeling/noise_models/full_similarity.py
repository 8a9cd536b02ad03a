"""The correlated model whose shared error may also turn and scale a part."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from .base import register_noise_model, softplus_inverse
from .full import Full

START_ANGLE = 0.1
"""Standard deviation of the shared rotation before training, radians."""

START_SCALE = 0.1
"""Standard deviation of the shared relative change of size before training."""


@register_noise_model("full_similarity")
class FullSimilarity(Full):
    """δ_i = E_i z_g + r_i η_i + ξ_i with E_i = [I | J c_i | c_i] and z_g ~ N(0, B).

    c_i is the way from the group's centre (the mean of its predicted points) to ŷ_i, J a quarter
    turn. B = diag(σ_g, σ_g, ω_g, ρ_g) is a softplus of `shared_variance` (chart units²),
    `shared_rotation_variance` (radians²) and `shared_scale_variance`. At ω = ρ = 0 it is
    :class:`Full`.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.shared_fields.update(
            shared_rotation_variance=softplus_inverse(START_ANGLE**2),
            shared_scale_variance=softplus_inverse(START_SCALE**2),
        )
        # As a covariance, that of a point whose |c_i| is a whole chart, which is more than any has.
        negligible = softplus_inverse(self.negligible_variance)
        self.extensions.append(
            dict(shared_rotation_variance=negligible, shared_scale_variance=negligible)
        )

    def parameters(self, logits):
        """See :meth:`NoiseModel.parameters`; B is (***, 4, 4)."""
        names = "shared_variance", "shared_rotation_variance", "shared_scale_variance"
        offset, rotation, scale = (F.softplus(logits[name]) for name in names)
        diagonal = torch.stack([offset, offset, rotation, scale], dim=-1)
        return super().parameters(logits) | {"shared_covariance": torch.diag_embed(diagonal)}
