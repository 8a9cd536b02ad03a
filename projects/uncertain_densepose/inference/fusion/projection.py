"""A shared error of any basis as one that a model's maps can hold: an offset or a similarity."""

from __future__ import annotations

import torch

from ...distributions import PartCorrelatedUV, basis_of_size
from ...distributions.grouping import group_sum
from .rule import mean_of_counted


def in_basis_of_size(joint: PartCorrelatedUV, size: int, informs: torch.Tensor) -> PartCorrelatedUV:
    """A distribution with the basis E of `BASIS_OF_SIZE` instead of its own basis W.

    W_i ≈ E_i T by least squares over the group, in the metric of the points' own precisions. The
    shared covariance becomes T S Tᵀ, and what E cannot hold, R_i = W_i - E_i T, goes into the
    points' own covariance as R_i S R_iᵀ, where its correlation is lost. The means are kept. For a
    product of models whose own precisions are in one ratio all over the group and which share a
    basis, R is 0 and nothing is lost.

    Args:
        joint: of P points.
        size: 0, 2 or 4.
        informs: (P,) bool, the points that the fit goes by. A group without one gets no shared
            covariance, and its points keep their marginal covariance.
    """
    group, num_groups = joint.group, joint.num_groups
    centre = mean_of_counted(joint.mean_uv, group, num_groups, informs, 0.5)
    basis = basis_of_size(size)(joint.mean_uv, group, num_groups, centre[group])
    fitted, precision = basis[informs], joint.own_precision()[informs]
    square = group_sum(fitted.mT @ precision @ fitted, group[informs], num_groups)
    mixed = group_sum(fitted.mT @ precision @ joint.basis[informs], group[informs], num_groups)
    # Points that are alone or in a line leave an angle or a size undetermined.
    transfer = torch.linalg.pinv(square, hermitian=True) @ mixed
    rest = joint.basis - basis @ transfer[group]
    return PartCorrelatedUV.from_own_covariance(
        joint.mean_uv,
        joint.own_covariance() + rest @ joint.shared_covariance[group] @ rest.mT,
        transfer @ joint.shared_covariance @ transfer.mT,
        group,
        centre_uv=centre[group],
    )
