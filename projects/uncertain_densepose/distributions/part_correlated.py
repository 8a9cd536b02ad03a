"""The full model: an error that all points of a group share, besides those of their own."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .anisotropic import DirectionalPrecision
from .base import LOG_2PI, UVDistribution


@dataclass(frozen=True)
class SharedErrorPosterior:
    """What the residuals of a group say about the error z_g that its points share.

    Attributes:
        mean: (G, 2) posterior mean, chart units.
        covariance: (G, 2, 2) posterior covariance, chart units².
        prior_cost: (G,) z̄ᵀ B⁻¹ z̄, the squared Mahalanobis distance of the mean under the prior.
        log_determinant: (G,) log |I + A B|, what the shared error adds to Σ_i log |Σ_i|.
    """

    mean: torch.Tensor
    covariance: torch.Tensor
    prior_cost: torch.Tensor
    log_determinant: torch.Tensor


class PartCorrelatedUV(UVDistribution):
    """Points that are jointly Gaussian within a group, groups independent of each other.

    δ_i = z_g + r_i η_i + ξ_i with z_g ~ N(0, B_g), η_i ~ N(0, 1), ξ_i ~ N(0, s_i I): the model
    of Neverova et al., *Correlated Uncertainty for Learning Dense Correspondences from Noisy
    Labels* (NeurIPS 2019), where B_g = σ_g I; here B_g is any positive semidefinite matrix.

    The covariance of a group is never formed. With A = Σ_i Λ_i, b = Σ_i Λ_i δ_i over the group
    and w = (I + A B)⁻¹ b, the posterior mean of z_g is z̄ = B w and

        log |Σ| = Σ_i log |Σ_i| + log |I + A B|
        δᵀ Σ⁻¹ δ = Σ_i (δ_i − z̄)ᵀ Λ_i (δ_i − z̄) + wᵀ B w,

    the matrix determinant and inversion lemmas in a form that has only terms ≥ 0 and is smooth
    at B = 0. Sums over groups are segment sums, so the cost is O(P) for any mix of group sizes.
    The arithmetic is float64 within: A has the condition number |r|² / s, which float32 does not
    bear. Results come back in the type of `mean_uv`.

    Args:
        mean_uv: (P, 2) chart units.
        variance: (P,) s, chart units², above 0.
        direction: (P, 2) r, chart units; its sign has no meaning.
        shared_covariance: (G, 2, 2) B, chart units².
        group: (P,) int64 in 0..G-1; a group may have no point, and its log-density is then 0.
    """

    def __init__(
        self,
        mean_uv: torch.Tensor,
        variance: torch.Tensor,
        direction: torch.Tensor,
        shared_covariance: torch.Tensor,
        group: torch.Tensor,
    ):
        super().__init__(mean_uv, torch.Size(shared_covariance.shape[:1]))
        points, groups = self.num_points, len(shared_covariance)
        self._check(
            variance=(variance, (points,)),
            direction=(direction, (points, 2)),
            shared_covariance=(shared_covariance, (groups, 2, 2)),
            group=(group, (points,)),
        )
        self.variance_uv = variance
        self.direction = direction
        self.shared_covariance = shared_covariance
        self.group = group

    @property
    def num_groups(self) -> int:
        """G."""
        return len(self.shared_covariance)

    def covariance(self) -> torch.Tensor:
        """(P, 2, 2) marginal covariances s_i I + r_i r_iᵀ + B_g, chart units²."""
        isotropic = self.variance_uv[:, None, None] * torch.eye(2).to(self.mean_uv)
        outer = self.direction[:, :, None] * self.direction[:, None, :]
        return isotropic + outer + self.shared_covariance[self.group]

    def _group_sum(self, values: torch.Tensor) -> torch.Tensor:
        total = values.new_zeros(self.num_groups, *values.shape[1:])
        return total.index_add(0, self.group, values)

    def _precision(self) -> DirectionalPrecision:
        return DirectionalPrecision(self.variance_uv.double(), self.direction.double())

    def _posterior(
        self, precision: DirectionalPrecision, residual: torch.Tensor, known: torch.Tensor
    ) -> SharedErrorPosterior:
        """The posterior of z_g given the residuals where `known`, (P,) of 0 and 1."""
        prior = self.shared_covariance.double()
        information = self._group_sum(precision.matrix() * known[:, None, None])
        evidence = self._group_sum(precision.apply(residual) * known[:, None])

        # (I + A B)⁻¹ for 2x2 matrices: the adjugate over the determinant. The determinant is
        # expanded so that its terms, all ≥ 0, do not cancel.
        product = information @ prior
        first, last = 1 + product[:, 0, 0], 1 + product[:, 1, 1]
        determinant = first + product[:, 1, 1] + _determinant(information) * _determinant(prior)
        adjugate = torch.stack([last, -product[:, 0, 1], -product[:, 1, 0], first], dim=-1)
        inverse = adjugate.view(-1, 2, 2) / determinant[:, None, None]

        weight = (inverse @ evidence[:, :, None]).squeeze(-1)
        mean = (prior @ weight[:, :, None]).squeeze(-1)
        covariance = prior @ inverse
        return SharedErrorPosterior(
            mean=mean,
            covariance=0.5 * (covariance + covariance.transpose(-1, -2)),
            prior_cost=(weight * mean).sum(-1).clamp_min(0),
            log_determinant=determinant.log(),
        )

    def _terms(self, target_uv: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(G,) squared Mahalanobis distances and (G,) log |Σ|, float64."""
        precision = self._precision()
        residual = (target_uv - self.mean_uv).double()
        posterior = self._posterior(precision, residual, torch.ones_like(residual[:, 0]))
        unshared = precision.quadratic(residual - posterior.mean[self.group])
        quadratic = self._group_sum(unshared) + posterior.prior_cost
        own = self._group_sum(precision.log_determinant_of_covariance())
        return quadratic, own + posterior.log_determinant

    def mahalanobis(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(G,) δᵀ Σ⁻¹ δ, one a group, of targets (P, 2)."""
        return self._terms(target_uv)[0].to(self.mean_uv.dtype)

    def log_prob(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(G,) joint log-density in nats of each group's targets, from targets (P, 2)."""
        quadratic, log_determinant = self._terms(target_uv)
        count = self._group_sum(torch.ones_like(self.mean_uv[:, 0], dtype=torch.float64))
        log_prob = -count * LOG_2PI - 0.5 * (log_determinant + quadratic)
        return log_prob.to(self.mean_uv.dtype)

    def rsample(self, sample_shape: torch.Size = torch.Size()) -> torch.Tensor:
        """(*sample_shape, P, 2) reparametrised samples with coherent errors within groups."""
        isotropic = torch.randn(*sample_shape, self.num_points, 2).to(self.mean_uv)
        along = torch.randn(*sample_shape, self.num_points, 1).to(self.mean_uv)
        shared = torch.randn(*sample_shape, self.num_groups, 2).to(self.mean_uv)
        root = _triangular_root(self.shared_covariance)
        shared = (root @ shared[..., None]).squeeze(-1)
        own = self.variance_uv.sqrt()[:, None] * isotropic + self.direction * along
        return self.mean_uv + shared[..., self.group, :] + own

    def condition(self, index: torch.Tensor, value: torch.Tensor) -> PartCorrelatedUV:
        """The other points, moved and narrowed by what the known ones say of the shared error.

        Returns:
            The same kind of distribution over the remaining points: their means shifted by the
            posterior mean of z_g, with its posterior covariance as the shared one. Groups keep
            their numbers, also those left without a point.
        """
        rest = self._rest(index)
        residual = torch.zeros_like(self.mean_uv).index_copy(0, index, value - self.mean_uv[index])
        known = (~rest).double()
        posterior = self._posterior(self._precision(), residual.double(), known)
        kind = self.mean_uv.dtype
        group = self.group[rest]
        return PartCorrelatedUV(
            self.mean_uv[rest] + posterior.mean.to(kind)[group],
            self.variance_uv[rest],
            self.direction[rest],
            posterior.covariance.to(kind),
            group,
        )


def _determinant(matrix: torch.Tensor) -> torch.Tensor:
    """(G,) determinants of positive semidefinite (G, 2, 2), never below 0."""
    product = matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] * matrix[:, 1, 0]
    return product.clamp_min(0)


def _triangular_root(matrix: torch.Tensor) -> torch.Tensor:
    """(G, 2, 2) lower triangular L with L Lᵀ = matrix, for any positive semidefinite matrix."""
    tiny = torch.finfo(matrix.dtype).tiny
    first = matrix[:, 0, 0].clamp_min(tiny).sqrt()
    below = matrix[:, 1, 0] / first
    last = (matrix[:, 1, 1] - below.square()).clamp_min(tiny).sqrt()
    zero = torch.zeros_like(first)
    return torch.stack([first, zero, below, last], dim=-1).view(-1, 2, 2)
