"""The joint log-density under a shared offset: value and gradient in closed form.

Every matrix is a symmetric 2x2 one and is kept as its three entries, each a contiguous column:
the whole is a sequence of elementwise kernels and a few segment sums. With the notation of
`part_correlated` and adj the adjugate,

    |I + A B|    = 1 + tr(A B) + |A| |B|
    Eᵀ Σ⁻¹ E     = (I + A B)⁻¹ A = (A + |A| adj B) / |I + A B|
    (Σ⁻¹)_ii     = (Σ_i + C_i)⁻¹,  C_i = (B + |B| adj(A_i)) / |I + A_i B|,  A_i = A - Λ_i
    (Σ⁻¹ δ)_i    = (Σ⁻¹)_ii (δ_i - C_i (b - Λ_i δ_i)).

C_i is what the other points leave unknown of the shared error, and the last bracket the error that
they do not foretell. Written so, no term is the small difference of large ones.
Shapes: P points, G groups.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.autograd.function import once_differentiable

from .base import LOG_2PI


class Symmetric(NamedTuple):
    """Symmetric 2x2 matrices by their entries, (N,) each."""

    xx: torch.Tensor
    xy: torch.Tensor
    yy: torch.Tensor

    def determinant(self) -> torch.Tensor:
        """(N,) of positive semidefinite matrices, never below 0."""
        return torch.addcmul(self.xx * self.yy, self.xy, self.xy, value=-1).clamp_min_(0)

    def apply(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The products with vectors (x, y)."""
        return (
            torch.addcmul(self.xx * x, self.xy, y),
            torch.addcmul(self.xy * x, self.yy, y),
        )

    def trace_of_product(self, other: Symmetric) -> torch.Tensor:
        """(N,) tr(self other)."""
        both = torch.addcmul(self.xx * other.xx, self.yy, other.yy)
        return both.addcmul_(self.xy, other.xy, value=2)

    def plus_adjugate(self, other: Symmetric, factor: torch.Tensor) -> Symmetric:
        """self + factor adj(other)."""
        return Symmetric(
            torch.addcmul(self.xx, factor, other.yy),
            torch.addcmul(self.xy, factor, other.xy, value=-1),
            torch.addcmul(self.yy, factor, other.xx),
        )

    def plus(self, other: Symmetric) -> Symmetric:
        """The sum."""
        return Symmetric(*map(torch.add, self, other))

    def minus(self, other: Symmetric) -> Symmetric:
        """The difference."""
        return Symmetric(*map(torch.sub, self, other))

    def times(self, factor: torch.Tensor) -> Symmetric:
        """The matrices scaled by (N,) factors."""
        return Symmetric(*(entry * factor for entry in self))

    def inverse(self) -> Symmetric:
        """Of positive definite matrices."""
        scale = self.determinant().reciprocal_()
        return Symmetric(self.yy * scale, (self.xy * scale).neg_(), self.xx * scale)

    def select(self, index: torch.Tensor) -> Symmetric:
        """The matrices at `index`."""
        return Symmetric(*(entry[index] for entry in self))

    def matrix(self) -> torch.Tensor:
        """(N, 2, 2)."""
        return torch.stack([self.xx, self.xy, self.xy, self.yy], dim=-1).view(-1, 2, 2)


def columns(vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(N, 2) as two contiguous float64 columns."""
    return tuple(vectors.T.to(torch.float64, memory_format=torch.contiguous_format))


class OffsetLogDensity(torch.autograd.Function):
    """(G,) joint log-densities in nats of residuals, float64.

    Called with (residual (P, 2), variance (P,), direction (P, 2), shared_covariance (G, 2, 2),
    group (P,)) as `PartCorrelatedUV` has them. The gradient with respect to a covariance is
    ½ (Σ⁻¹ δ δᵀ Σ⁻¹ - Σ⁻¹), of which only the diagonal blocks and the sums over groups are needed;
    that with respect to the shared covariance is symmetric. It cannot be differentiated twice.
    """

    @staticmethod
    def forward(ctx, residual, variance, direction, shared_covariance, group):
        """See the class."""
        num_groups = len(shared_covariance)

        def group_sum(values: torch.Tensor) -> torch.Tensor:
            return values.new_zeros(num_groups).index_add_(0, group, values)

        x, y = columns(residual)
        r_x, r_y = columns(direction)
        s = variance.double()
        own = Symmetric(torch.addcmul(s, r_x, r_x), r_x * r_y, torch.addcmul(s, r_y, r_y))
        # |Σ_i| = s (s + |r|²).
        scale = (s * (own.xx + own.yy).sub_(s)).reciprocal_()
        precision = Symmetric(own.yy * scale, (own.xy * scale).neg_(), own.xx * scale)
        information = Symmetric(*(group_sum(entry) for entry in precision))
        weighted = precision.apply(x, y)
        evidence = [group_sum(entry) for entry in weighted]

        prior = shared_covariance.double()
        prior = Symmetric(prior[:, 0, 0], prior[:, 0, 1], prior[:, 1, 1])
        prior_determinant = prior.determinant()
        trace = 1 + information.trace_of_product(prior)
        determinant = torch.addcmul(trace, information.determinant(), prior_determinant)

        def solve(v_x: torch.Tensor, v_y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            # (I + A B)⁻¹ = ((1 + tr(A B)) I - A B) / |I + A B|, the adjugate of a 2x2 matrix.
            u_x, u_y = information.apply(*prior.apply(v_x, v_y))
            return (trace * v_x - u_x) / determinant, (trace * v_y - u_y) / determinant

        w_x, w_y = solve(*evidence)
        mean = prior.apply(w_x, w_y)
        # Once more for what is left: an error of z̄ = B w counts |A| times in the residuals.
        u_x, u_y = information.apply(*mean)
        d_x, d_y = solve(evidence[0] - w_x - u_x, evidence[1] - w_y - u_y)
        w_x, w_y = w_x + d_x, w_y + d_y
        mean = prior.apply(w_x, w_y)

        e_x, e_y = x - mean[0][group], y - mean[1][group]
        l_x, l_y = precision.apply(e_x, e_y)
        cost = torch.addcmul(l_x * e_x, l_y, e_y)
        density = group_sum((scale.log() - cost).mul_(0.5).sub_(LOG_2PI))
        shared_cost = torch.addcmul(w_x * mean[0], w_y, mean[1])
        density -= 0.5 * (determinant.log() + shared_cost)

        ctx.save_for_backward(
            *own, *precision, *information, *prior, prior_determinant, determinant
        )
        ctx.vectors = (x, y, r_x, r_y, *weighted, *evidence, w_x, w_y, group)
        ctx.kinds = (residual.dtype, variance.dtype, direction.dtype, shared_covariance.dtype)
        return density

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        """See the class."""
        saved = ctx.saved_tensors
        own, precision, information, prior = (Symmetric(*saved[k : k + 3]) for k in (0, 3, 6, 9))
        prior_determinant, determinant = saved[12:]
        x, y, r_x, r_y, l_x, l_y, b_x, b_y, w_x, w_y, group = ctx.vectors
        scale = gradient[group]

        others = information.select(group).minus(precision)
        b, b_determinant = prior.select(group), prior_determinant[group]
        share = 1 + b.trace_of_product(others)
        share.addcmul_(others.determinant(), b_determinant).reciprocal_()
        unknown = b.plus_adjugate(others, b_determinant).times(share)
        m_x, m_y = unknown.apply(b_x[group].sub_(l_x), b_y[group].sub_(l_y))
        inverse = own.plus(unknown).inverse()
        a_x, a_y = inverse.apply(x - m_x, y - m_y)
        # Σ⁻¹ δ δᵀ Σ⁻¹ - Σ⁻¹ at the point.
        excess = Symmetric(a_x * a_x, a_x * a_y, a_y * a_y).minus(inverse)
        by_residual = torch.stack([a_x * scale, a_y * scale], dim=-1).neg_()
        by_variance = (excess.xx + excess.yy).mul_(scale).mul_(0.5)
        e_x, e_y = excess.apply(r_x, r_y)
        by_direction = torch.stack([e_x.mul_(scale), e_y.mul_(scale)], dim=-1)

        shared = information.plus_adjugate(prior, information.determinant())
        half = 0.5 * gradient
        by_shared = Symmetric(
            half * (w_x * w_x - shared.xx / determinant),
            half * (w_x * w_y - shared.xy / determinant),
            half * (w_y * w_y - shared.yy / determinant),
        ).matrix()
        kinds = ctx.kinds
        return (
            by_residual.to(kinds[0]),
            by_variance.to(kinds[1]),
            by_direction.to(kinds[2]),
            by_shared.to(kinds[3]),
            None,
        )
