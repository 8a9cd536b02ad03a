"""The elementary model: independent isotropic noise."""

from __future__ import annotations

import torch

from .base import LOG_2PI, SampleShape, UVDistribution


class IsotropicUV(UVDistribution):
    """Independent points, y_i ~ N(ŷ_i, s_i I).

    The heteroscedastic model of Kendall & Gal (2017) and of Novotny et al. (2017).

    Args:
        mean_uv: (P, 2) chart units.
        variance: (P,) s, chart units², above 0.
    """

    def __init__(self, mean_uv: torch.Tensor, variance: torch.Tensor):
        super().__init__(mean_uv, torch.Size(mean_uv.shape[:1]))
        self._check(variance=(variance, (self.num_points,)))
        self.variance_uv = variance

    def covariance(self) -> torch.Tensor:
        """(P, 2, 2) s I, chart units²."""
        return self.variance_uv[:, None, None] * torch.eye(2).to(self.mean_uv)

    def mahalanobis(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(P,) squared Mahalanobis distances |δ|² / s of targets (P, 2)."""
        return (target_uv - self.mean_uv).square().sum(-1) / self.variance_uv

    def log_prob(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(P,) log-density in nats of targets (P, 2)."""
        return -LOG_2PI - self.variance_uv.log() - 0.5 * self.mahalanobis(target_uv)

    def rsample(self, sample_shape: SampleShape = ()) -> torch.Tensor:
        """(*sample_shape, P, 2) reparametrised samples, chart units."""
        noise = torch.randn(*sample_shape, *self.mean_uv.shape).to(self.mean_uv)
        return self.mean_uv + self.variance_uv.sqrt()[:, None] * noise

    def condition(self, index: torch.Tensor, value: torch.Tensor) -> IsotropicUV:
        """The P - N points not in `index` (N,) int64, unchanged: independence makes `value` (N, 2),
        chart units, say nothing of them."""
        rest = self._rest(index)
        return IsotropicUV(self.mean_uv[rest], self.variance_uv[rest])
