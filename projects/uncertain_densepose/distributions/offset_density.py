"""The joint log-density under a shared offset: value and gradient in closed form.

With the notation of `part_correlated`, adj the adjugate and everything 2x2,

    |I + A B|  = 1 + tr(A B) + |A| |B|
    Eᵀ Σ⁻¹ E   = (I + A B)⁻¹ A = (A + |A| adj B) / |I + A B|
    (Σ⁻¹)_ii   = (Σ_i + C_i)⁻¹,  adj C_i = (adj B + |B| A_i) / q_i,  q_i = |I + A_i B|
    (Σ⁻¹ δ)_i  = (Σ⁻¹)_ii (δ_i - C_i b_i).

A_i and b_i are A and b of the other points of the group, C_i is what those leave unknown of the
shared error, and the last bracket the error that they do not foretell. Written so, no term is the
small difference of large ones.

The cost is that of starting kernels and of passing over memory. Values are therefore contiguous
rows, two for vectors and three (xx, xy, yy) for symmetric matrices, and all sums over groups are
taken in one go. Of Σ_i and C_i the adjugates are kept, which are inverses but for a factor.
`torch.compile` captures it whole; for its sake nothing that a group sends to its points is written
into slices, which Inductor's code for CPUs does not compile (PyTorch 2.11).
Shapes: P points, G groups.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.autograd.function import once_differentiable

from .base import LOG_2PI

Rows = Sequence[torch.Tensor]


def whole(matrix: torch.Tensor) -> torch.Tensor:
    """(2, 2, N) of (3, N)."""
    return torch.cat([matrix[:2], matrix[1:]]).view(2, 2, -1)


def determinant(matrix: Rows) -> torch.Tensor:
    """(N,) of positive semidefinite matrices, 3 rows, never below 0."""
    xx, xy, yy = matrix
    return (xx * yy).addcmul_(xy, xy, value=-1).clamp_min_(0)


def trace_of_product(a: Rows, adjugate_b: Rows) -> torch.Tensor:
    """(N,) tr(a b) of symmetric matrices, 3 rows each, b given by its adjugate."""
    both = (a[0] * adjugate_b[2]).addcmul_(a[2], adjugate_b[0])
    return both.addcmul_(a[1], adjugate_b[1], value=-2)


def product(matrix: Rows, vector: Rows) -> Rows:
    """The 2 rows of matrix · vector, of 3 and 2."""
    (xx, xy, yy), (x, y) = matrix, vector
    return (xx * x).addcmul_(xy, y), (xy * x).addcmul_(yy, y)


def dot(a: Rows, b: Rows) -> torch.Tensor:
    """(N,) of vectors, 2 rows each."""
    return (a[0] * b[0]).addcmul_(a[1], b[1])


def group_sum(rows: torch.Tensor, group: torch.Tensor, num_groups: int) -> torch.Tensor:
    """(K, G) of (K, P)."""
    return rows.new_zeros(len(rows), num_groups).scatter_add_(1, group.expand_as(rows), rows)


def of_group(rows: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
    """(K, P) of (K, G): what a point's group has."""
    return rows.gather(1, group.expand(len(rows), -1))


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
        given = torch.cat([residual.T, direction.T, variance[None]]).double()
        x, y, r_x, r_y, s = given.unbind()
        # adj Σ_i, and |Σ_i| = s (s + |r|²).
        own = torch.empty_like(given[:3])
        xx, xy, yy = own.unbind()
        torch.addcmul(s, r_y, r_y, out=xx)
        torch.mul(r_x, r_y, out=xy).neg_()
        torch.addcmul(s, r_x, r_x, out=yy)
        scale = (xx + yy).sub_(s).mul_(s).reciprocal_()

        # Λ_i and Λ_i δ_i, to be summed to A and b. A point that has most of its group's sum goes
        # to a slot of its own: subtracting it afterwards would leave nothing but rounding.
        precision = own * scale
        statistics = torch.cat([precision, torch.stack(product(precision, (x, y)))])
        weight = (precision[0] + precision[2])[None]
        most = 2 * weight > of_group(group_sum(weight, group, num_groups), group)
        slot = torch.add(group, most[0], alpha=num_groups)
        apart = group_sum(statistics, slot, 2 * num_groups)
        light = apart[:, :num_groups]
        sums = light + apart[:, num_groups:]
        information, evidence = sums[:3], sums[3:]

        prior = shared_covariance.double().permute(1, 2, 0).contiguous()
        b_xx, b_xy, _, b_yy = prior.view(4, -1).unbind()
        adjugate = torch.stack([b_yy, -b_xy, b_xx])
        prior_determinant, information_determinant = map(determinant, (adjugate, information))
        # A B as whole matrices.
        swap = (whole(information)[:, :, None] * prior).sum(1)
        trace = (swap[0, 0] + swap[1, 1]).add_(1)
        system = torch.addcmul(trace, information_determinant, prior_determinant)

        def solve(vector: torch.Tensor) -> torch.Tensor:
            # (I + A B)⁻¹ = ((1 + tr(A B)) I - A B) / |I + A B|, the adjugate of a 2x2 matrix.
            return (trace * vector).sub_((swap * vector).sum(1)).div_(system)

        w = solve(evidence)
        # Once more for what is left: an error of z̄ = B w counts |A| times in the residuals.
        w += solve(evidence - w - (swap * w).sum(1))
        mean = (prior * w).sum(1)

        error = torch.sub(given[:2], of_group(mean, group)).unbind()
        cost = dot(product(precision, error), error)
        cost = torch.sub(scale.log(), cost, out=cost).sub_(2 * LOG_2PI)
        of_points = group_sum(cost[None], group, num_groups)[0]
        of_shared = system.log().add_(dot(w, mean))

        of_groups = torch.cat([adjugate, prior_determinant[None]])
        leave_out = torch.cat([sums, light], dim=1)
        of_shared_covariance = (information_determinant, system, w)
        ctx.save_for_backward(
            given, own, statistics, group, slot, of_groups, leave_out, *of_shared_covariance
        )
        ctx.kinds = (residual.dtype, variance.dtype, direction.dtype, shared_covariance.dtype)
        # Not in place: traced by torch.compile, that would have no gradient.
        return 0.5 * (of_points - of_shared)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        """See the class."""
        given, own, statistics, group, slot, of_groups, leave_out, *shared = ctx.saved_tensors
        num_groups = len(gradient)
        rows = of_group(torch.cat([of_groups, -gradient[None]]), group)
        *adjugate, b_determinant, slope = rows.unbind()
        # A_i and b_i.
        others = of_group(leave_out, slot)
        others.addcmul_(statistics, (slot < num_groups).double(), value=-1)
        a_xx, a_xy, a_yy, b_x, b_y = others.unbind()
        x, y, *r, _ = given.unbind()
        q = trace_of_product((a_xx, a_xy, a_yy), adjugate).add_(1)
        q.addcmul_(determinant((a_xx, a_xy, a_yy)), b_determinant)
        # q_i adj C_i, q_i (δ_i - C_i b_i) and q_i adj(Σ_i + C_i).
        unknown = torch.addcmul(rows[:3], others[:3], b_determinant)
        c_xx, c_xy, c_yy = unknown.unbind()
        e_x = (q * x).addcmul_(c_yy, b_x, value=-1).addcmul_(c_xy, b_y)
        e_y = (q * y).addcmul_(c_xx, b_y, value=-1).addcmul_(c_xy, b_x)
        total = unknown.addcmul_(own, q).unbind()

        scale = determinant(total).reciprocal_()
        weighted = [row.mul_(scale) for row in product(total, (e_x, e_y))]
        sloped = [row * slope for row in weighted]
        # Σ⁻¹ δ δᵀ Σ⁻¹ - Σ⁻¹ at the point: its trace, and its product with r.
        scale.mul_(q).mul_(slope)
        by_variance = (total[0] + total[2]).mul_(scale).sub_(dot(weighted, sloped)).mul_(0.5)
        along = dot(weighted, r)
        by_direction = [
            row.mul_(scale).addcmul_(gradient_row, along, value=-1)
            for row, gradient_row in zip(product(total, r), sloped, strict=True)
        ]
        kinds = ctx.kinds
        return (
            torch.stack(sloped).T.to(kinds[0]),
            by_variance.to(kinds[1]),
            torch.stack(by_direction).T.to(kinds[2]),
            by_shared_covariance(of_groups[:3], leave_out[:3, :num_groups], *shared, gradient).to(
                kinds[3]
            ),
            None,
        )


def by_shared_covariance(
    adjugate: torch.Tensor,
    information: torch.Tensor,
    information_determinant: torch.Tensor,
    system: torch.Tensor,
    weight: torch.Tensor,
    gradient: torch.Tensor,
) -> torch.Tensor:
    """(G, 2, 2) the gradient with respect to B: ½ (w wᵀ - Eᵀ Σ⁻¹ E) times that of the density.

    Args:
        adjugate, information: (3, G) adj B and A. weight: (2, G) w = (I + A B)⁻¹ b.
        information_determinant, system, gradient: (G,) |A|, |I + A B| and that of the density.
    """
    left = torch.addcmul(information, information_determinant, adjugate).div_(system)
    both = (weight[:, None] * weight).sub_(whole(left))
    return both.mul_(0.5 * gradient).permute(2, 0, 1)
