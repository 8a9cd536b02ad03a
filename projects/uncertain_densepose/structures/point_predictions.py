"""What a model says at single points."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..distributions import (
    PartCorrelatedUV,
    UVDistribution,
    basis_of_size,
    offset_basis,
    uv_distribution,
)
from .tensor_fields import TensorFields


@dataclass(frozen=True)
class PointPredictions(TensorFields):
    """Predictions at P points, each read in the chart `part` that is named with it.

    Attributes:
        part: (P,) int64, chart 1..24 in which the values were read, 0 for background.
        mean_uv: (P, 2) chart units.
        variance: (P,) isotropic variance s, chart units², or None for a model without.
        direction: (P, 2) directional term r, chart units, or None.
        shared_covariance: (P, K, K) covariance B of the error that all points of the same person
            and part share, in the basis of `distributions.BASIS_OF_SIZE`, or None.
        shared_centre_uv: (P, 2) what a shared error of K = 4 turns and scales about, chart units;
            None stands for the mean prediction of the points of the same person and part.
    """

    part: torch.Tensor
    mean_uv: torch.Tensor
    variance: torch.Tensor | None = None
    direction: torch.Tensor | None = None
    shared_covariance: torch.Tensor | None = None
    shared_centre_uv: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.part)

    def __getitem__(self, item: torch.Tensor | slice) -> PointPredictions:
        """Some of the points: a mask (P,), indices (N,) or a slice."""
        return self.map(lambda values: values[item])

    def double(self) -> PointPredictions:
        """The same in float64."""
        return self.map(lambda values: values.double() if values.is_floating_point() else values)

    @property
    def shares_offset(self) -> bool:
        """Whether the shared error, if there is one, moves all points of a group alike."""
        shared = self.shared_covariance
        return shared is None or basis_of_size(shared.shape[-1]) is offset_basis

    def joint_distribution(self, group: torch.Tensor | None = None) -> PartCorrelatedUV:
        """The distribution of the annotations in the form that holds every noise model.

        A term that is not predicted is 0; a model without a shared error has K = 0.

        Args:
            group: (P,) int64 in 0..G-1, the pair of person and part of each point, whose points
                carry the same `shared_covariance`; None for every point by itself, which leaves the
                marginals.

        Raises:
            ValueError: the shared error turns about a centre of its group, but neither
                `shared_centre_uv` nor `group` is given.
        """
        if group is None:
            if not self.shares_offset and self.shared_centre_uv is None:
                raise ValueError("the shared error turns about its group's centre; give the groups")
            group = torch.arange(len(self), device=self.mean_uv.device)
        num_groups = int(group.max()) + 1 if len(group) else 0
        of_points = self.shared_covariance
        if of_points is None:
            of_points = self.mean_uv.new_zeros(len(self), 0, 0)
        shared = of_points.new_zeros(num_groups, *of_points.shape[1:])
        return PartCorrelatedUV(
            self.mean_uv,
            torch.zeros_like(self.mean_uv[:, 0]) if self.variance is None else self.variance,
            torch.zeros_like(self.mean_uv) if self.direction is None else self.direction,
            shared.index_copy(0, group, of_points),
            group,
            centre_uv=self.shared_centre_uv,
        )

    def distribution(self, group: torch.Tensor | None = None) -> UVDistribution:
        """The distribution of the annotations, in the family of the predictions' noise model.

        Args and errors: as :meth:`joint_distribution`.

        Raises:
            ValueError: the predictions have no variance, hence no density.
        """
        if self.variance is None:
            raise ValueError("the model predicts no variance; its density needs a global variance")
        if self.shared_covariance is not None:
            return self.joint_distribution(group)
        return uv_distribution(self.mean_uv, self.variance, self.direction)

    def covariance(self, group: torch.Tensor | None = None) -> torch.Tensor | None:
        """(P, 2, 2) marginal covariance of :meth:`distribution` in chart units².

        Args and errors: as :meth:`joint_distribution`; None for a model without a variance.
        That of float16 predictions is float32.
        """
        if self.variance is None:
            return None
        return self.map(_at_least_float32).distribution(group).covariance()


def _at_least_float32(values: torch.Tensor) -> torch.Tensor:
    if not values.is_floating_point():
        return values
    return values.to(torch.promote_types(values.dtype, torch.float32))
