"""What a model says at single points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch

from ..distributions import basis_of_size, offset_basis, similarity_about, similarity_basis


@dataclass(frozen=True)
class PointPredictions:
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

    def map(self, function: Callable[[torch.Tensor], torch.Tensor]) -> PointPredictions:
        """The same with every field that there is put through a function."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return PointPredictions(
            **{name: None if value is None else function(value) for name, value in values.items()}
        )

    def __getitem__(self, item: torch.Tensor | slice) -> PointPredictions:
        """Some of the points: a mask (P,), indices or a slice."""
        return self.map(lambda values: values[item])

    @staticmethod
    def cat(several: Sequence[PointPredictions]) -> PointPredictions:
        """The points of several predictions of one model in one."""
        names = [
            f.name for f in fields(PointPredictions) if getattr(several[0], f.name) is not None
        ]
        return PointPredictions(
            **{n: torch.cat([getattr(one, n) for one in several]) for n in names}
        )

    @property
    def shares_offset(self) -> bool:
        """Whether the shared error, if there is one, moves all points of a group alike."""
        shared = self.shared_covariance
        return shared is None or basis_of_size(shared.shape[-1]) is offset_basis

    def shared_basis(self, group: torch.Tensor | None = None) -> torch.Tensor:
        """(P, 2, K) the basis E of the shared error.

        Args:
            group: (P,) int64 in 0..G-1, the pair of person and part of each point; needed for
                K = 4, if there is no `shared_centre_uv`.

        Raises:
            ValueError: it is needed and not given.
        """
        if self.shares_offset:
            return offset_basis(self.mean_uv, self.part, 0)
        if self.shared_centre_uv is not None:
            return similarity_about(self.mean_uv - self.shared_centre_uv)
        if group is None:
            raise ValueError("the shared error turns about its group's centre; give the groups")
        num_groups = int(group.max()) + 1 if len(group) else 0
        return similarity_basis(self.mean_uv, group, num_groups)

    def covariance(self, group: torch.Tensor | None = None) -> torch.Tensor | None:
        """(P, 2, 2) marginal covariance s I + r rᵀ + E B Eᵀ in chart units².

        Args and errors: as :meth:`shared_basis`; None for a model without a variance.
        """
        if self.variance is None:
            return None
        total = own_covariance(self.mean_uv, self.variance, self.direction)
        if self.shared_covariance is None:
            return total
        if self.shares_offset:
            return total + self.shared_covariance
        basis = self.shared_basis(group)
        return total + basis @ self.shared_covariance @ basis.mT


def own_covariance(
    mean_uv: torch.Tensor, variance: torch.Tensor | None, direction: torch.Tensor | None
) -> torch.Tensor:
    """(P, 2, 2) s I + r rᵀ of s (P,) and r (P, 2); terms that are None count as 0."""
    total = mean_uv.new_zeros(len(mean_uv), 2, 2)
    if variance is not None:
        total[:, 0, 0] = total[:, 1, 1] = variance
    if direction is not None:
        # Entry by entry: a product of arrays with two columns costs several times as much.
        along_u, along_v = direction.unbind(dim=1)
        total[:, 0, 0] += along_u**2
        total[:, 1, 1] += along_v**2
        total[:, 0, 1] = total[:, 1, 0] = along_u * along_v
    return total
