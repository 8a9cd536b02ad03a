"""Independent noise with a direction."""

from __future__ import annotations

import torch

from .base import LOG_2PI, SampleShape, UVDistribution
from .own_covariance import own_covariance


def quarter_turn(vector: torch.Tensor) -> torch.Tensor:
    """(..., 2) vectors turned by 90 degrees: (x, y) to (-y, x)."""
    return torch.stack([-vector[..., 1], vector[..., 0]], dim=-1)


class DirectionalPrecision:
    """Λ_i = (s_i I + r_i r_iᵀ)⁻¹ of P points, in closed form, smooth at r = 0.

    Λ = (I + r⊥ r⊥ᵀ / s) / (s + |r|²), and |s I + r rᵀ| = s (s + |r|²).

    Args:
        variance: (P,) s. direction: (P, 2) r.
    """

    def __init__(self, variance: torch.Tensor, direction: torch.Tensor):
        self.variance = variance
        self.turned = quarter_turn(direction)
        self.along = variance + direction.square().sum(-1)

    def quadratic(self, residual: torch.Tensor) -> torch.Tensor:
        """(P,) δᵀ Λ δ of residuals (P, 2), a sum of squares."""
        across = (self.turned * residual).sum(-1).square() / self.variance
        return (residual.square().sum(-1) + across) / self.along

    def apply(self, residual: torch.Tensor) -> torch.Tensor:
        """(P, 2) Λ δ of residuals (P, 2)."""
        across = (self.turned * residual).sum(-1) / self.variance
        return (residual + across[:, None] * self.turned) / self.along[:, None]

    def matrix(self) -> torch.Tensor:
        """(P, 2, 2) Λ, 1 / chart units²."""
        outer = self.turned[:, :, None] * self.turned[:, None, :] / self.variance[:, None, None]
        return (torch.eye(2).to(outer) + outer) / self.along[:, None, None]

    def log_determinant_of_covariance(self) -> torch.Tensor:
        """(P,) log |s I + r rᵀ|."""
        return self.variance.log() + self.along.log()


class AnisotropicUV(UVDistribution):
    """Independent points, y_i ~ N(ŷ_i, s_i I + r_i r_iᵀ).

    The directional model of Neverova et al. (2019): an error along r_i of its own, besides the
    isotropic one.

    Args:
        mean_uv: (P, 2) chart units.
        variance: (P,) s, chart units², above 0.
        direction: (P, 2) r, chart units; its sign has no meaning.
    """

    def __init__(self, mean_uv: torch.Tensor, variance: torch.Tensor, direction: torch.Tensor):
        super().__init__(mean_uv, torch.Size(mean_uv.shape[:1]))
        points = self.num_points
        self._check(variance=(variance, (points,)), direction=(direction, (points, 2)))
        self.variance_uv = variance
        self.direction = direction

    def covariance(self) -> torch.Tensor:
        """(P, 2, 2) s I + r rᵀ, chart units²."""
        return own_covariance(self.variance_uv, self.direction)

    def mahalanobis(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(P,) squared Mahalanobis distances δᵀ Λ δ of targets (P, 2)."""
        precision = DirectionalPrecision(self.variance_uv, self.direction)
        return precision.quadratic(target_uv - self.mean_uv)

    def log_prob(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(P,) log-density in nats of targets (P, 2)."""
        precision = DirectionalPrecision(self.variance_uv, self.direction)
        quadratic = precision.quadratic(target_uv - self.mean_uv)
        return -LOG_2PI - 0.5 * (precision.log_determinant_of_covariance() + quadratic)

    def rsample(self, sample_shape: SampleShape = ()) -> torch.Tensor:
        """(*sample_shape, P, 2) reparametrised samples, chart units."""
        isotropic = torch.randn(*sample_shape, self.num_points, 2).to(self.mean_uv)
        along = torch.randn(*sample_shape, self.num_points, 1).to(self.mean_uv)
        return self.mean_uv + self.variance_uv.sqrt()[:, None] * isotropic + self.direction * along

    def condition(self, index: torch.Tensor, value: torch.Tensor) -> AnisotropicUV:
        """The P - N points not in `index` (N,) int64, unchanged: independence makes `value` (N, 2),
        chart units, say nothing of them."""
        rest = self._rest(index)
        return AnisotropicUV(self.mean_uv[rest], self.variance_uv[rest], self.direction[rest])
