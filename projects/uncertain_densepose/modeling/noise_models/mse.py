"""No noise model: the squared error."""

from __future__ import annotations

from .base import NoiseModel, register_noise_model


@register_noise_model("mse")
class MSE(NoiseModel):
    """Σ |δ|² / (2 s_0), which is a Gaussian of fixed variance without its constant.

    It predicts no spread. Likelihood tables give it one global variance, fitted afterwards.
    """

    def loss(self, mean_uv, target_uv, logits, group):
        """See :meth:`NoiseModel.loss`; no likelihood, since the variance is not learned."""
        return self.squared_error(mean_uv, target_uv)
