"""The joint log-density under a shared offset: the lemmas of `part_correlated` for E = I, K = 2.

The general form cannot give exact gradients where one point is much surer than the error that it
shares: log |Σ_i| + log |I + A B| then is the small difference of large terms, and so is its
gradient. The surest point f of each group is therefore taken out: the density of a group is that of
f, times that of the others given f. With z̄_f and C the posterior of the shared error given f, and
A and b sums over the others, b of their residuals from z̄_f, everything is 2x2 and no term is the
small difference of large ones:

    |Σ_f + B|        = |Σ_f| + |B| + tr(adj Σ_f B)
    z̄_f              = B (adj Σ_f + adj B) δ_f / |Σ_f + B|
    C |Σ_f + B|      = |Σ_f| B + |B| Σ_f
    S                = |Σ_f + B| |I + A C| = |Σ_f + B| (1 + tr(A C)) + |Σ_f| |B| |A|
    S (C⁻¹ + A)⁻¹    = |Σ_f| B + |B| Σ_f + |Σ_f| |B| adj A
    -2 log N - const = log S + Σ_i log |Σ_i| + δ_fᵀ (Σ_f + B)⁻¹ δ_f
                       + Σ_i e_iᵀ Λ_i e_i - bᵀ (C⁻¹ + A)⁻¹ b,   e_i = δ_i - z̄_f.

The last difference is harmless: as f is the surest point, A C is at most the number of the others.
2-vectors are pairs of rows, symmetric matrices triples (xx, xy, yy). Shapes: P points, G groups.
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
        residual: (P, 2) δ, chart units. The others as `PartCorrelatedUV` has them:
        variance: (P,). direction: (P, 2). shared_covariance: (G, 2, 2). group: (P,).
    """
    num_groups = len(shared_covariance)
    if not len(group):
        return 0 * shared_covariance.double().sum((1, 2))
    given = torch.cat([residual.T, direction.T, variance[None]]).double()
    x, y, r_x, r_y, s = given.unbind()
    along = torch.addcmul(torch.addcmul(s, r_x, r_x), r_y, r_y)
    determinant = s * along
    isotropic, t_x, t_y = along.reciprocal(), r_x / determinant, r_y / determinant
    precision = torch.addcmul(isotropic, r_y, t_y), -r_x * t_y, torch.addcmul(isotropic, r_x, t_x)
    first, is_first = _surest(precision[0] + precision[2], group, num_groups)

    b_xx, b_xy, b_yx, b_yy = shared_covariance.double().flatten(1).T.unbind()
    prior = b_xx, 0.5 * (b_xy + b_yx), b_yy
    prior_determinant = _determinant(prior).clamp_min(0)
    *first_residual, f_x, f_y, f_s = given.gather(1, first.clamp_min(0).expand(5, -1)).unbind()
    own = torch.addcmul(f_s, f_x, f_x), f_x * f_y, torch.addcmul(f_s, f_y, f_y)
    own_determinant = f_s * (own[0] + own[2] - f_s)
    marginal = own_determinant + prior_determinant + _trace(_adjugate(own), prior)
    adjugate = [a + b for a, b in zip(_adjugate(own), _adjugate(prior), strict=True)]
    weighted = _times(adjugate, first_residual)
    shift = torch.stack(_times(prior, weighted)) / marginal

    s_x, s_y = shift.gather(1, group.expand(2, -1)).unbind()
    error = x - s_x, y - s_y
    pulled = _times(precision, error)
    own_cost = torch.addcmul(determinant.log(), error[0], pulled[0])
    rows = torch.stack([*precision, *pulled, torch.addcmul(own_cost, error[1], pulled[1])])
    # The surest points' terms go to slots that are not read.
    slot = torch.add(group, is_first, alpha=num_groups).expand(6, -1)
    sums = rows.new_zeros(6, 2 * num_groups).scatter_add(1, slot, rows)[:, :num_groups].unbind()
    information, evidence, of_others = sums[:3], sums[3:5], sums[5]

    half = 0.5 * own_determinant * prior_determinant
    # Half of adj A enters the trace, tr(A adj A) being 2 |A|, and all of it the covariance.
    turned = [half * row for row in _adjugate(information)]
    middle = [
        torch.addcmul(torch.addcmul(a, own_determinant, b), prior_determinant, c)
        for a, b, c in zip(turned, prior, own, strict=True)
    ]
    system = marginal + _trace(information, middle)
    unscaled = [m + a for m, a in zip(middle, turned, strict=True)]
    explained = _dot(evidence, _times(unscaled, evidence)) / system
    of_first = _dot(first_residual, weighted) / marginal + system.log()
    count = torch.bincount(group, minlength=num_groups).double()
    # A group without a point has 0 for a density; what was computed for it is of another's point.
    total = torch.addcmul(of_others - explained, count.clamp_max(1), of_first)
    return -0.5 * total - LOG_2PI * count


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


def _dot(a: Rows, b: Rows) -> torch.Tensor:
    return torch.addcmul(a[0] * b[0], a[1], b[1])


def _times(matrix: Rows, vector: Rows) -> Vector:
    xx, xy, yy = matrix
    return _dot((xx, xy), vector), _dot((xy, yy), vector)


def _trace(a: Rows, b: Rows) -> torch.Tensor:
    """tr(a b)."""
    return torch.addcmul(_dot(a[::2], b[::2]), a[1], b[1], value=2)


def _determinant(matrix: Rows) -> torch.Tensor:
    return torch.addcmul(matrix[0] * matrix[2], matrix[1], matrix[1], value=-1)


def _adjugate(matrix: Rows) -> Rows:
    xx, xy, yy = matrix
    return yy, -xy, xx
