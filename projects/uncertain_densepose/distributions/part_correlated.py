"""The full model: an error that all points of a group share, besides those of their own."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .anisotropic import DirectionalPrecision
from .base import LOG_2PI, UVDistribution
from .grouping import group_sum
from .offset_density import OffsetLogDensity
from .shared_bases import basis_of_size, offset_basis


@dataclass(frozen=True)
class SharedErrorPosterior:
    """What the residuals of a group say about the error z_g that its points share.

    Attributes:
        mean: (G, K) posterior mean z̄.
        covariance: (G, K, K) posterior covariance.
        prior_cost: (G,) z̄ᵀ B⁻¹ z̄, the squared Mahalanobis distance of the mean under the prior.
        log_determinant: (G,) log |I + A B|, what the shared error adds to Σ_i log |Σ_i|.
    """

    mean: torch.Tensor
    covariance: torch.Tensor
    prior_cost: torch.Tensor
    log_determinant: torch.Tensor


class PartCorrelatedUV(UVDistribution):
    """Points that are jointly Gaussian within a group, groups independent of each other.

    δ_i = E_i z_g + r_i η_i + ξ_i with z_g ~ N(0, B_g), η_i ~ N(0, 1), ξ_i ~ N(0, s_i I). With
    E_i = I and B_g = σ_g I it is the model of Neverova et al., *Correlated Uncertainty for
    Learning Dense Correspondences from Noisy Labels* (NeurIPS 2019); here B_g is any positive
    semidefinite matrix, and the basis E may hold a rotation and a scaling of the group as well
    (:func:`similarity_basis`).

    The covariance of a group is never formed. With A = Σ_i E_iᵀ Λ_i E_i, b = Σ_i E_iᵀ Λ_i δ_i over
    the group and w = (I + A B)⁻¹ b, the posterior mean of z_g is z̄ = B w and

        log |Σ| = Σ_i log |Σ_i| + log |I + A B|
        δᵀ Σ⁻¹ δ = Σ_i (δ_i - E_i z̄)ᵀ Λ_i (δ_i - E_i z̄) + wᵀ B w,

    the matrix determinant and inversion lemmas in a form that has only terms ≥ 0 and is smooth
    at B = 0. Sums over groups are segment sums, so the cost is O(P) for any mix of group sizes.
    The arithmetic is float64 within: A has the condition number |r|² / s, which float32 does not
    bear. Results come back in the type of `mean_uv`.

    Args:
        mean_uv: (P, 2) chart units.
        variance: (P,) s, chart units², above 0.
        direction: (P, 2) r, chart units; its sign has no meaning.
        shared_covariance: (G, K, K) B; chart units² for an offset, K = 2.
        group: (P,) int64 in 0..G-1; a group may have no point, and its log-density is then 0.
        basis: (P, 2, K) E; by default that of `BASIS_OF_SIZE`, an offset for K = 2 and a
            similarity about the group's mean ŷ for K = 4.
    """

    def __init__(
        self,
        mean_uv: torch.Tensor,
        variance: torch.Tensor,
        direction: torch.Tensor,
        shared_covariance: torch.Tensor,
        group: torch.Tensor,
        basis: torch.Tensor | None = None,
    ):
        super().__init__(mean_uv, torch.Size(shared_covariance.shape[:1]))
        points, groups = self.num_points, len(shared_covariance)
        size = shared_covariance.shape[-1]
        self.is_offset = basis is None and basis_of_size(size) is offset_basis
        self.basis = basis_of_size(size)(mean_uv, group, groups) if basis is None else basis
        self._check(
            variance=(variance, (points,)),
            direction=(direction, (points, 2)),
            basis=(self.basis, (points, 2, size)),
            shared_covariance=(shared_covariance, (groups, size, size)),
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
        """(P, 2, 2) marginal covariances s_i I + r_i r_iᵀ + E_i B_g E_iᵀ, chart units²."""
        isotropic = self.variance_uv[:, None, None] * torch.eye(2).to(self.mean_uv)
        outer = self.direction[:, :, None] * self.direction[:, None, :]
        shared = self.basis @ self.shared_covariance[self.group] @ self.basis.mT
        return isotropic + outer + shared

    def log_spread(self) -> torch.Tensor:
        """See :meth:`UVDistribution.log_spread`; 0 for a group without a point."""
        count = torch.bincount(self.group, minlength=self.num_groups).clamp_min(1)
        return self._group_sum(super().log_spread()) / count

    def _group_sum(self, values: torch.Tensor) -> torch.Tensor:
        return group_sum(values, self.group, self.num_groups)

    def _precision(self) -> DirectionalPrecision:
        return DirectionalPrecision(self.variance_uv.double(), self.direction.double())

    def _shared_error(self, coordinates: torch.Tensor) -> torch.Tensor:
        """(P, 2) E_i z_g of z (G, K)."""
        return (self.basis.double() @ coordinates[self.group][:, :, None]).squeeze(-1)

    def _posterior(
        self, precision: DirectionalPrecision, residual: torch.Tensor, known: torch.Tensor
    ) -> SharedErrorPosterior:
        """The posterior of z_g given the residuals where `known`, (P,) of 0 and 1."""
        prior = self.shared_covariance.double()
        basis = self.basis.double() * known[:, None, None]
        information = self._group_sum(basis.mT @ precision.matrix() @ basis)
        weighted = precision.apply(residual)[:, :, None]
        evidence = self._group_sum((basis.mT @ weighted).squeeze(-1))
        system = torch.eye(prior.shape[-1]).to(prior) + information @ prior
        weight = torch.linalg.solve(system, evidence)
        mean = (prior @ weight[:, :, None]).squeeze(-1)
        # B (I + A B)⁻¹ = ((I + A B)⁻ᵀ B)ᵀ, and B is symmetric.
        covariance = torch.linalg.solve(system.mT, prior)
        return SharedErrorPosterior(
            mean=mean,
            covariance=0.5 * (covariance + covariance.mT),
            prior_cost=(weight * mean).sum(-1).clamp_min(0),
            log_determinant=torch.linalg.slogdet(system).logabsdet,
        )

    def _posterior_of(self, target_uv: torch.Tensor):
        precision = self._precision()
        residual = (target_uv - self.mean_uv).double()
        posterior = self._posterior(precision, residual, torch.ones_like(residual[:, 0]))
        unshared = precision.quadratic(residual - self._shared_error(posterior.mean))
        return precision, posterior, self._group_sum(unshared) + posterior.prior_cost

    def mahalanobis(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(G,) δᵀ Σ⁻¹ δ, one a group, of targets (P, 2)."""
        return self._posterior_of(target_uv)[2].to(self.mean_uv.dtype)

    def log_prob(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(G,) joint log-density in nats of each group's targets, from targets (P, 2)."""
        if self.is_offset:
            density = OffsetLogDensity.apply(
                target_uv - self.mean_uv,
                self.variance_uv,
                self.direction,
                self.shared_covariance,
                self.group,
            )
            return density.to(self.mean_uv.dtype)
        precision, posterior, quadratic = self._posterior_of(target_uv)
        own = self._group_sum(-LOG_2PI - 0.5 * precision.log_determinant_of_covariance())
        density = own - 0.5 * (posterior.log_determinant + quadratic)
        return density.to(self.mean_uv.dtype)

    def independent_points(self) -> PartCorrelatedUV:
        """The same marginals without correlation: every point is a group of its own."""
        return PartCorrelatedUV(
            self.mean_uv,
            self.variance_uv,
            self.direction,
            self.shared_covariance[self.group],
            torch.arange(self.num_points, device=self.group.device),
            None if self.is_offset else self.basis,
        )

    def rsample(self, sample_shape: torch.Size = torch.Size()) -> torch.Tensor:
        """(*sample_shape, P, 2) reparametrised samples, the same shared error within a group."""
        size = self.shared_covariance.shape[-1]
        own = torch.randn(*sample_shape, self.num_points, 3).to(self.mean_uv)
        noise = torch.randn(*sample_shape, self.num_groups, size, 1).to(self.mean_uv)
        shared = (_triangular_root(self.shared_covariance) @ noise)[..., self.group, :, :]
        return (
            self.mean_uv
            + (self.basis @ shared).squeeze(-1)
            + self.variance_uv.sqrt()[:, None] * own[..., :2]
            + self.direction * own[..., 2:]
        )

    def condition(self, index: torch.Tensor, value: torch.Tensor) -> PartCorrelatedUV:
        """The other points, moved and narrowed by what the known ones say of the shared error.

        Returns:
            The same kind of distribution over the remaining points: their means shifted by the
            posterior mean of z_g, with its posterior covariance as the shared one, and the basis
            they had. Groups keep their numbers, also those left without a point.
        """
        rest = self._rest(index)
        residual = torch.zeros_like(self.mean_uv).index_copy(0, index, value - self.mean_uv[index])
        known = (~rest).double()
        posterior = self._posterior(self._precision(), residual.double(), known)
        kind = self.mean_uv.dtype
        return PartCorrelatedUV(
            self.mean_uv[rest] + self._shared_error(posterior.mean)[rest].to(kind),
            self.variance_uv[rest],
            self.direction[rest],
            posterior.covariance.to(kind),
            self.group[rest],
            None if self.is_offset else self.basis[rest],
        )


def _triangular_root(matrix: torch.Tensor) -> torch.Tensor:
    """(G, K, K) lower triangular L with L Lᵀ = matrix, for any positive semidefinite matrix.

    Cholesky's recursion, in which a column whose pivot is rounding noise becomes 0;
    `torch.linalg.cholesky` refuses singular matrices.
    """
    size = matrix.shape[-1]
    noise = size * torch.finfo(matrix.dtype).eps * matrix.diagonal(dim1=-2, dim2=-1)
    rows = torch.arange(size, device=matrix.device)
    rest, columns = matrix, []
    for k in range(size):
        solid = rest[:, k, k] > noise[:, k]
        pivot = torch.where(solid, rest[:, k, k], 1).sqrt()
        kept = solid[:, None] & (rows >= k)
        column = torch.where(kept, rest[:, :, k] / pivot[:, None], 0)
        columns.append(column)
        rest = rest - column[:, :, None] * column[:, None, :]
    return torch.stack(columns, dim=-1)
