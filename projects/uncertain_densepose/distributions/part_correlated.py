"""The full model: an error that all points of a group share, besides those of their own."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .anisotropic import DirectionalPrecision
from .base import LOG_2PI, SampleShape, UVDistribution
from .grouping import group_mean, group_sum
from .offset_density import offset_log_density
from .own_covariance import own_covariance, split_covariance
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

    The covariance of a group, Σ = D + E B Eᵀ with D = blockdiag(s_i I + r_i r_iᵀ), is never formed.
    With Λ_i = (s_i I + r_i r_iᵀ)⁻¹, A = Σ_i E_iᵀ Λ_i E_i and b = Σ_i E_iᵀ Λ_i δ_i over the group:

        determinant lemma   |D + E B Eᵀ| = |D| |I + A B|
        inversion lemma     Σ⁻¹ δ = Λ (δ - E z̄),  z̄ = B w,  w = (I + A B)⁻¹ b,

    z̄ being the posterior mean of z_g. As Eᵀ Λ (δ - E z̄) = b - A B w = w, the quadratic form is

        δᵀ Σ⁻¹ δ = Σ_i (δ_i - E_i z̄)ᵀ Λ_i (δ_i - E_i z̄) + wᵀ B w,

    which has only terms ≥ 0 and, as all of this, is smooth at B = 0. Sums over groups are segment
    sums, so the cost is O(P) for any mix of group sizes. The arithmetic is float64 within: A has
    the condition number |r|² / s, which float32 does not bear. Results come back in the type of
    `mean_uv`.

    Args:
        mean_uv: (P, 2) chart units.
        variance: (P,) s, chart units², above 0; 0 at points that are known, which have no density.
        direction: (P, 2) r, chart units; its sign has no meaning.
        shared_covariance: (G, K, K) B; chart units² for an offset, K = 2. Independent points have
            K = 0.
        group: (P,) int64 in 0..G-1; a group may have no point, and its log-density is then 0.
        basis: (P, 2, K) E; by default that of `BASIS_OF_SIZE`, an offset for K = 2 and a
            similarity for K = 4.
        centre_uv: (P, 2) what the similarity turns and scales about, chart units; by default the
            group's mean ŷ.
    """

    def __init__(
        self,
        mean_uv: torch.Tensor,
        variance: torch.Tensor,
        direction: torch.Tensor,
        shared_covariance: torch.Tensor,
        group: torch.Tensor,
        basis: torch.Tensor | None = None,
        centre_uv: torch.Tensor | None = None,
    ):
        super().__init__(mean_uv, torch.Size(shared_covariance.shape[:1]))
        points, groups = self.num_points, len(shared_covariance)
        size = shared_covariance.shape[-1]
        self.is_offset = basis is None and basis_of_size(size) is offset_basis
        if basis is None:
            basis = basis_of_size(size)(mean_uv, group, groups, centre_uv)
        self._check(
            variance=(variance, (points,)),
            direction=(direction, (points, 2)),
            basis=(basis, (points, 2, size)),
            shared_covariance=(shared_covariance, (groups, size, size)),
            group=(group, (points,)),
        )
        self.basis = basis
        self.variance_uv = variance
        self.direction = direction
        self.shared_covariance = shared_covariance
        self.group = group

    @classmethod
    def from_own_covariance(
        cls,
        mean_uv: torch.Tensor,
        own_covariance: torch.Tensor,
        shared_covariance: torch.Tensor,
        group: torch.Tensor,
        basis: torch.Tensor | None = None,
        centre_uv: torch.Tensor | None = None,
    ) -> PartCorrelatedUV:
        """The same model from the covariances (P, 2, 2) D of the points' own errors, chart units²;
        the other arguments are those of the class."""
        (uu, uv), (_, vv) = own_covariance.permute(1, 2, 0)
        variance, direction = split_covariance(torch.stack([uu, uv, vv]))
        return cls(mean_uv, variance, direction.T, shared_covariance, group, basis, centre_uv)

    @property
    def num_groups(self) -> int:
        """G."""
        return len(self.shared_covariance)

    @property
    def shared_size(self) -> int:
        """K, the coordinates of the shared error."""
        return self.basis.shape[-1]

    @property
    def _named_basis(self) -> torch.Tensor | None:
        """The basis, None for an offset, whose density is computed in a way of its own."""
        return None if self.is_offset else self.basis

    def own_covariance(self) -> torch.Tensor:
        """(P, 2, 2) D_i = s_i I + r_i r_iᵀ, chart units²."""
        return own_covariance(self.variance_uv, self.direction)

    def own_precision(self) -> torch.Tensor:
        """(P, 2, 2) Λ_i = D_i⁻¹, 1 / chart units²."""
        return DirectionalPrecision(self.variance_uv, self.direction).matrix()

    def covariance(self) -> torch.Tensor:
        """(P, 2, 2) marginal covariances s_i I + r_i r_iᵀ + E_i B_g E_iᵀ, chart units²."""
        shared = self.shared_covariance[self.group]
        if not self.is_offset:
            shared = self.basis @ shared @ self.basis.mT
        return self.own_covariance() + shared

    def log_spread(self) -> torch.Tensor:
        """See :meth:`UVDistribution.log_spread`; 0 for a group without a point."""
        return group_mean(super().log_spread(), self.group, self.num_groups)

    def _shared_error(self, coordinates: torch.Tensor) -> torch.Tensor:
        """(P, 2) E_i z_g, float64, of z (G, K)."""
        return (self.basis.double() @ coordinates[self.group][:, :, None]).squeeze(-1)

    def posterior(
        self, value: torch.Tensor, index: torch.Tensor | None = None, sigma_uv: float = 0.0
    ) -> SharedErrorPosterior:
        """The distribution of the shared errors z_g, given the coordinates of points.

        Args:
            value: (N, 2) their coordinates, chart units.
            index: (N,) int64, the distinct points they belong to; by default all, in order.
            sigma_uv: standard deviation in each direction that `value` itself has, chart units.

        Returns:
            In float64; for a group without a known point, the prior.
        """
        known = slice(None) if index is None else index
        residual = (value - self.mean_uv[known]).double()
        variance = self.variance_uv[known].double() + sigma_uv**2
        precision = DirectionalPrecision(variance, self.direction[known].double())
        basis, group = self.basis[known].double(), self.group[known]
        prior = self.shared_covariance.double()
        information = group_sum(basis.mT @ precision.matrix() @ basis, group, self.num_groups)
        weighted = precision.apply(residual)[:, :, None]
        evidence = group_sum((basis.mT @ weighted).squeeze(-1), group, self.num_groups)
        system = torch.eye(self.shared_size).to(prior) + information @ prior
        weight = torch.linalg.solve(system, evidence[:, :, None])
        mean = (prior @ weight).squeeze(-1)
        # B (I + A B)⁻¹ = ((I + A B)⁻ᵀ B)ᵀ, and B is symmetric.
        covariance = torch.linalg.solve(system.mT, prior)
        return SharedErrorPosterior(
            mean=mean,
            covariance=0.5 * (covariance + covariance.mT),
            prior_cost=(weight.squeeze(-1) * mean).sum(-1).clamp_min(0),
            log_determinant=torch.linalg.slogdet(system).logabsdet,
        )

    def _quadratic(self, target_uv: torch.Tensor, posterior: SharedErrorPosterior) -> torch.Tensor:
        """(G,) δᵀ Σ⁻¹ δ in float64."""
        residual = (target_uv - self.mean_uv).double()
        precision = DirectionalPrecision(self.variance_uv.double(), self.direction.double())
        unshared = precision.quadratic(residual - self._shared_error(posterior.mean))
        return group_sum(unshared, self.group, self.num_groups) + posterior.prior_cost

    def mahalanobis(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(G,) squared Mahalanobis distance δᵀ Σ⁻¹ δ of each group's targets, from (P, 2)."""
        return self._quadratic(target_uv, self.posterior(target_uv)).to(self.mean_uv.dtype)

    def log_prob(self, target_uv: torch.Tensor) -> torch.Tensor:
        """(G,) joint log-density in nats of each group's targets, from targets (P, 2)."""
        if self.is_offset:
            density = offset_log_density(
                target_uv - self.mean_uv,
                self.variance_uv,
                self.direction,
                self.shared_covariance,
                self.group,
            )
            return density.to(self.mean_uv.dtype)
        posterior = self.posterior(target_uv)
        precision = DirectionalPrecision(self.variance_uv.double(), self.direction.double())
        own = -LOG_2PI - 0.5 * precision.log_determinant_of_covariance()
        quadratic = self._quadratic(target_uv, posterior)
        density = group_sum(own, self.group, self.num_groups)
        density = density - 0.5 * (posterior.log_determinant + quadratic)
        return density.to(self.mean_uv.dtype)

    def independent_points(self) -> PartCorrelatedUV:
        """The same marginals without correlation: G = P, every point its own group."""
        return PartCorrelatedUV(
            self.mean_uv,
            self.variance_uv,
            self.direction,
            self.shared_covariance[self.group],
            torch.arange(self.num_points, device=self.group.device),
            self._named_basis,
        )

    def rsample(self, sample_shape: SampleShape = ()) -> torch.Tensor:
        """(*sample_shape, P, 2) reparametrised samples, the same shared error within a group."""
        own = torch.randn(*sample_shape, self.num_points, 3).to(self.mean_uv)
        noise = torch.randn(*sample_shape, self.num_groups, self.shared_size, 1).to(self.mean_uv)
        shared = (_triangular_root(self.shared_covariance) @ noise)[..., self.group, :, :]
        return (
            self.mean_uv
            + (self.basis @ shared).squeeze(-1)
            + self.variance_uv.sqrt()[:, None] * own[..., :2]
            + self.direction * own[..., 2:]
        )

    def condition(self, index: torch.Tensor, value: torch.Tensor) -> PartCorrelatedUV:
        """The other points, moved and narrowed by what the known ones say of the shared error.

        Args:
            index: (N,) int64, distinct points whose coordinates are known.
            value: (N, 2) their coordinates, chart units.

        Returns:
            The P - N other points in their order and their bases. Their means are shifted by
            E_i z̄; the posterior covariance of z_g takes the place of B. Groups keep their numbers,
            including those left without a point.
        """
        rest = self._rest(index)
        posterior = self.posterior(value, index)
        kind = self.mean_uv.dtype
        return PartCorrelatedUV(
            self.mean_uv[rest] + self._shared_error(posterior.mean)[rest].to(kind),
            self.variance_uv[rest],
            self.direction[rest],
            posterior.covariance.to(kind),
            self.group[rest],
            None if self.is_offset else self.basis[rest],
        )

    def given_measured(
        self, index: torch.Tensor, value: torch.Tensor, sigma_uv: float
    ) -> PartCorrelatedUV:
        """All points, given some of them up to a noise of N(0, σ² I).

        With z̄ the posterior mean of the shared errors, every point moves by E_i z̄. A measured
        point keeps the share H_i = σ² (D_i + σ² I)⁻¹ of its own error: it moves to
        t - H_i (t - m_i - E_i z̄), with the own covariance H_i D_i and the basis H_i E_i. H_i D_i is
        s' I + r' r'ᵀ with s' = s σ² / (s + σ²) and r' = r σ² / sqrt((s + σ²) (s + |r|² + σ²)).

        Args:
            index: (N,) int64, distinct.
            value: (N, 2) t, chart units.
            sigma_uv: σ, chart units; 0 for points that are known.

        Returns:
            Over all P points, exact with all its correlations.
        """
        posterior = self.posterior(value, index, sigma_uv)
        kind, noise = self.mean_uv.dtype, sigma_uv**2
        mean = self.mean_uv + self._shared_error(posterior.mean).to(kind)
        s, r, basis = self.variance_uv[index], self.direction[index], self.basis[index]
        across, along = s + noise, s + r.square().sum(-1) + noise
        kept = noise * DirectionalPrecision(across, r).matrix()
        off = (kept @ (value - mean[index])[:, :, None]).squeeze(-1)
        narrowed = r * (noise / (across * along).sqrt())[:, None]
        return PartCorrelatedUV(
            mean.index_copy(0, index, value - off),
            self.variance_uv.index_copy(0, index, s * noise / across),
            self.direction.index_copy(0, index, narrowed),
            posterior.covariance.to(kind),
            self.group,
            self.basis.index_copy(0, index, kept @ basis),
        )


def _triangular_root(matrix: torch.Tensor) -> torch.Tensor:
    """(G, K, K) lower triangular L with L Lᵀ = matrix, for any positive semidefinite matrix.

    Cholesky's recursion, in which a column whose pivot is rounding noise becomes 0;
    `torch.linalg.cholesky` refuses singular matrices.
    """
    size = matrix.shape[-1]
    if size == 0:
        return matrix
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
