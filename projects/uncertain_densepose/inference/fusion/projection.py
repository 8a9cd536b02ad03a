"""Projects a shared error to a basis that maps can represent: an offset or a similarity."""

from __future__ import annotations

import torch

from ...distributions import PartCorrelatedUV, basis_of_size
from ...distributions.grouping import group_sum
from .rule import mean_of_counted


def in_basis_of_size(joint: PartCorrelatedUV, size: int, informs: torch.Tensor) -> PartCorrelatedUV:
    """Replace a distribution's own basis W by the basis E of a given size (`basis_of_size`).

    W_i ≈ E_i T by least squares over the group, weighted by the points' own precisions. The shared
    covariance becomes T S Tᵀ; the residual R_i = W_i - E_i T goes into the points' own covariances
    as R_i S R_iᵀ, where its correlation is lost. The means are kept. For a product of models that
    share a basis and whose own precisions have the same ratio all over the group, R is 0.

    Args:
        joint: of P points.
        size: K, one of 0, 2, 4.
        informs: (P,) bool, the points used in the fit. A group without any gets no shared
            covariance, and its points keep their marginal covariance.
    """
    group, num_groups = joint.group, joint.num_groups
    centre = mean_of_counted(joint.mean_uv, group, num_groups, informs, 0.5)
    basis = basis_of_size(size)(joint.mean_uv, group, num_groups, centre[group])
    fitted, precision = basis[informs], joint.own_precision()[informs]
    square = group_sum(fitted.mT @ precision @ fitted, group[informs], num_groups)
    mixed = group_sum(fitted.mT @ precision @ joint.basis[informs], group[informs], num_groups)
    # A single point, or points on a line, leave rotation or scale undetermined.
    transfer = torch.linalg.pinv(square, hermitian=True) @ mixed
    rest = joint.basis - basis @ transfer[group]
    return PartCorrelatedUV.from_own_covariance(
        joint.mean_uv,
        joint.own_covariance() + rest @ joint.shared_covariance[group] @ rest.mT,
        transfer @ joint.shared_covariance @ transfer.mT,
        group,
        centre_uv=centre[group],
    )
