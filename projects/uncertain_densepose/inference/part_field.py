"""Predictions at points as Gaussians that are joint within a group: the common form in which models
are fused and clicks are taken in.

Shapes: P points in G groups (the pairs of person and part), K coordinates of the error that a group
shares; K = 0 for independent points. Arithmetic is float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..distributions import AnisotropicUV, PartCorrelatedUV, similarity_about
from ..structures import PointPredictions
from ..structures.chart_averaging import split_covariance
from ..structures.point_predictions import own_covariance


@dataclass(frozen=True)
class PartField:
    """y_i = m_i + E_i z_g + ε_i with z_g ~ N(0, B_g) and ε_i ~ N(0, D_i), as in `PartCorrelatedUV`.

    Attributes:
        mean_uv: (P, 2) m, chart units.
        own_covariance: (P, 2, 2) D, chart units².
        shared_covariance: (G, K, K) B.
        basis: (P, 2, K) E.
        group: (P,) int64 in 0..G-1.
    """

    mean_uv: torch.Tensor
    own_covariance: torch.Tensor
    shared_covariance: torch.Tensor
    basis: torch.Tensor
    group: torch.Tensor

    @staticmethod
    def of(points: PointPredictions, group: torch.Tensor) -> PartField:
        """The distribution of `evaluation.noise_model`, in float64.

        Args:
            points: P predictions; points of a group carry the same `shared_covariance`. Without a
                variance D is 0.
            group: (P,) int64 in 0..G-1, the pair of person and part of each point.
        """
        points = points.map(lambda v: v.double() if v.is_floating_point() else v)
        num_groups = int(group.max()) + 1 if len(group) else 0
        if points.shared_covariance is None:
            shared = points.mean_uv.new_zeros(num_groups, 0, 0)
            basis = points.mean_uv.new_zeros(len(points), 2, 0)
        else:
            shared = points.shared_covariance.new_zeros(
                num_groups, *points.shared_covariance.shape[1:]
            )
            shared[group] = points.shared_covariance
            basis = points.shared_basis(group)
        own = own_covariance(points.mean_uv, points.variance, points.direction)
        return PartField(points.mean_uv, own, shared, basis, group)

    @property
    def num_groups(self) -> int:
        """G."""
        return len(self.shared_covariance)

    def shared_part(self) -> torch.Tensor:
        """(P, 2, 2) E_i B_g E_iᵀ, chart units²."""
        return self.basis @ self.shared_covariance[self.group] @ self.basis.mT

    def covariance(self) -> torch.Tensor:
        """(P, 2, 2) marginal covariance of every point, chart units²."""
        return self.own_covariance + self.shared_part()

    def own_terms(self) -> tuple[torch.Tensor, torch.Tensor]:
        """s (P,) and r (P, 2) with D_i = s_i I + r_i r_iᵀ."""
        d = self.own_covariance
        variance, direction = split_covariance(torch.stack([d[:, 0, 0], d[:, 0, 1], d[:, 1, 1]]))
        return variance, direction.T

    def distribution(self) -> PartCorrelatedUV | AnisotropicUV:
        """The same as a distribution; independent if K = 0."""
        variance, direction = self.own_terms()
        if self.basis.shape[-1] == 0:
            return AnisotropicUV(self.mean_uv, variance, direction)
        return PartCorrelatedUV(
            self.mean_uv, variance, direction, self.shared_covariance, self.group, self.basis
        )


def basis_about(mean_uv: torch.Tensor, centre_uv: torch.Tensor, size: int) -> torch.Tensor:
    """The basis of a shared error by its size: none for 0, an offset for 2, a similarity for 4.

    Args:
        mean_uv: (P, 2) chart units. centre_uv: (P, 2) what a similarity turns and scales about.
        size: K, one of 0, 2, 4.

    Returns:
        (P, 2, K): the first columns of [I | J c | c], so that a shared covariance of smaller size
        is one of larger size with zeros below.
    """
    return similarity_about(mean_uv - centre_uv)[:, :, :size]
