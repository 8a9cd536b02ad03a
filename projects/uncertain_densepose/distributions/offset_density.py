"""The joint log-density under a shared offset: the lemmas of `part_correlated` for E = I, K = 2.

The general form cannot give exact gradients where one point is much surer than the error that it
shares: log |Σ_i| + log |I + A B| then is the small difference of large terms, and so is its
gradient. The surest point f of each group is therefore taken out: the density of a group is that of
f times that of the others given f. With z̄_f and C the posterior of the shared error given f, and
A and b sums over the others, b of their residuals from z̄_f, everything is 2x2 and no term is the
small difference of large ones:

    |Σ_f + B|        = |Σ_f| + |B| + tr(adj Σ_f B)
    z̄_f              = B (adj Σ_f + adj B) δ_f / |Σ_f + B|
    C |Σ_f + B|      = |Σ_f| B + |B| Σ_f
    S                = |Σ_f + B| |I + A C| = |Σ_f + B| (1 + tr(A C)) + |Σ_f| |B| |A|
    S (C⁻¹ + A)⁻¹    = |Σ_f| B + |B| Σ_f + |Σ_f| |B| adj A
    -2 log N - const = log S + Σ_i log |Σ_i| + δ_fᵀ (Σ_f + B)⁻¹ δ_f
                       + Σ_i e_iᵀ Λ_i e_i - bᵀ (C⁻¹ + A)⁻¹ b,   e_i = δ_i - z̄_f,

the constant being 2 log 2π a point.

The last difference is harmless: as f is the surest point, A C is at most the number of the others.
2-vectors are pairs of rows, symmetric matrices triples (xx, xy, yy); products and sums rather than
`addcmul`, whose gradient takes twice the operations. Shapes: P points, G groups.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .base import LOG_2PI

Rows = Sequence[torch.Tensor]
Vector = tuple[torch.Tensor, torch.Tensor]


def offset_log_density(
    residual: torch.Tensor,
    variance: torch.Tensor,
    direction: torch.Tensor,
    shared_covariance: torch.Tensor,
    group: torch.Tensor,
) -> torch.Tensor:
    """(G,) joint log-densities in nats, float64, differentiable any number of times.

    Args:
        residual: (P, 2) δ, chart units.
        variance, direction, shared_covariance, group: (P,), (P, 2), (G, 2, 2) and (P,), see
            `PartCorrelatedUV`.
    """
    num_groups = len(shared_covariance)
    if not len(group):
        return 0 * shared_covariance.double().sum((1, 2))
    given = torch.cat([residual.T, direction.T, variance[None]]).double()
    x, y, r_x, r_y, s = given.unbind()
    (d_xx, d_xy, d_yy), determinant = _own_covariance(r_x, r_y, s)
    inverse = determinant.reciprocal()
    precision = d_yy * inverse, -d_xy * inverse, d_xx * inverse
    first, is_first = _surest(precision[0] + precision[2], group, num_groups)

    # A group without a point borrows another's here; its density is set to 0 in the end.
    *first_residual, f_x, f_y, f_s = given.gather(1, first.clamp_min(0).expand(5, -1)).unbind()
    own, own_determinant = _own_covariance(f_x, f_y, f_s)
    b_xx, b_xy, b_yx, b_yy = shared_covariance.double().flatten(1).T.unbind()
    prior = b_xx, 0.5 * (b_xy + b_yx), b_yy
    prior_determinant = _determinant(prior).clamp_min(0)
    marginal = own_determinant + prior_determinant + _trace_of_adjugate(own, prior)
    weighted = _adjugate_times([a + b for a, b in zip(own, prior, strict=True)], first_residual)
    shift = torch.stack(_times(prior, weighted)) / marginal

    s_x, s_y = shift.gather(1, group.expand(2, -1)).unbind()
    error = x - s_x, y - s_y
    pulled = _times(precision, error)
    own_cost = determinant.log() + _dot(error, pulled) + 2 * LOG_2PI
    rows = torch.stack([*precision, *pulled, own_cost])
    # The surest points' terms go to slots that are not read.
    slot = torch.add(group, is_first, alpha=num_groups).expand(6, -1)
    sums = rows.new_zeros(6, 2 * num_groups).scatter_add(1, slot, rows)[:, :num_groups].unbind()
    information, evidence, cost_of_others = sums[:3], sums[3:5], sums[5]

    outer = evidence[0] * evidence[0], evidence[0] * evidence[1], evidence[1] * evidence[1]
    scaled = [own_determinant * b + prior_determinant * d for b, d in zip(prior, own, strict=True)]
    both = own_determinant * prior_determinant
    system = marginal + _trace(information, scaled) + both * _determinant(information)
    explained = (_trace(outer, scaled) + both * _trace_of_adjugate(information, outer)) / system
    cost_of_first = _dot(first_residual, weighted) / marginal + system.log() + 2 * LOG_2PI
    return -0.5 * (cost_of_others - explained + (first >= 0) * cost_of_first)


@torch.no_grad()
def _surest(
    weight: torch.Tensor, group: torch.Tensor, num_groups: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The point of the largest weight (P,) in each group: (G,) indices, -1 for none, (P,) bool."""
    largest = weight.new_zeros(num_groups).scatter_reduce_(0, group, weight, "amax")
    number = torch.arange(len(group), device=group.device)
    candidate = number.where(weight == largest[group], -1)
    first = group.new_full((num_groups,), -1).scatter_reduce_(0, group, candidate, "amax")
    return first, number == first[group]


def _own_covariance(
    r_x: torch.Tensor, r_y: torch.Tensor, s: torch.Tensor
) -> tuple[Rows, torch.Tensor]:
    """s I + r rᵀ and its determinant."""
    xx, xy, yy = s + r_x * r_x, r_x * r_y, s + r_y * r_y
    return (xx, xy, yy), s * (xx + yy - s)


def _dot(a: Rows, b: Rows) -> torch.Tensor:
    return a[0] * b[0] + a[1] * b[1]


def _times(matrix: Rows, vector: Rows) -> Vector:
    xx, xy, yy = matrix
    return _dot((xx, xy), vector), _dot((xy, yy), vector)


def _trace(a: Rows, b: Rows) -> torch.Tensor:
    """tr(a b)."""
    return a[0] * b[0] + 2 * a[1] * b[1] + a[2] * b[2]


def _determinant(matrix: Rows) -> torch.Tensor:
    return matrix[0] * matrix[2] - matrix[1] * matrix[1]


def _trace_of_adjugate(a: Rows, b: Rows) -> torch.Tensor:
    """tr(adj a b)."""
    return a[0] * b[2] - 2 * a[1] * b[1] + a[2] * b[0]


def _adjugate_times(matrix: Rows, vector: Rows) -> Vector:
    (xx, xy, yy), (x, y) = matrix, vector
    return yy * x - xy * y, xx * y - xy * x
