"""A shared error of any basis as one that a model's maps can hold: an offset or a similarity."""

from __future__ import annotations

import torch

from ...distributions.grouping import group_sum
from ..part_field import PartField, basis_about
from .rule import mean_of_counted


def in_basis_of_size(field: PartField, size: int, informs: torch.Tensor) -> PartField:
    """The field with the basis E of `basis_about` instead of its own basis W.

    W_i ≈ E_i T by least squares over the group, in the metric of the points' own precisions. The
    shared covariance becomes T S Tᵀ, and what E cannot hold, R_i = W_i - E_i T, goes into the
    points' own covariance as R_i S R_iᵀ, where its correlation is lost. The means are kept. For a
    product of models whose own precisions are in one ratio all over the group and which share a
    basis, R is 0 and nothing is lost.

    Args:
        field: of P points.
        size: 0, 2 or 4.
        informs: (P,) bool, the points that the fit goes by. A group without one gets no shared
            covariance, and its points keep their marginal covariance.
    """
    group, num_groups = field.group, field.num_groups
    centre = mean_of_counted(field.mean_uv, group, num_groups, informs, 0.5)
    basis = basis_about(field.mean_uv, centre[group], size)
    fitted, precision = basis[informs], torch.linalg.inv(field.own_covariance[informs])
    square = group_sum(fitted.mT @ precision @ fitted, group[informs], num_groups)
    mixed = group_sum(fitted.mT @ precision @ field.basis[informs], group[informs], num_groups)
    # Points that are alone or in a line leave an angle or a size undetermined.
    transfer = torch.linalg.pinv(square, hermitian=True) @ mixed
    rest = field.basis - basis @ transfer[group]
    return PartField(
        mean_uv=field.mean_uv,
        own_covariance=field.own_covariance + rest @ field.shared_covariance[group] @ rest.mT,
        shared_covariance=transfer @ field.shared_covariance @ transfer.mT,
        basis=basis,
        group=group,
    )
