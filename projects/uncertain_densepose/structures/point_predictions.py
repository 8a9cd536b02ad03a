"""What a model says at single points."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class PointPredictions:
    """Predictions at P points, each read in the chart `part` that is named with it.

    Attributes:
        part: (P,) int64, chart 1..24 in which the values were read, 0 for background.
        mean_uv: (P, 2) chart units.
        variance: (P,) isotropic variance s, chart units², or None for a model without.
        direction: (P, 2) directional term r, chart units, or None.
        shared_covariance: (P, 2, 2) covariance B of the offset that all points of the same
            person and part share, chart units², or None.
    """

    part: torch.Tensor
    mean_uv: torch.Tensor
    variance: torch.Tensor | None = None
    direction: torch.Tensor | None = None
    shared_covariance: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.part)

    def covariance(self) -> torch.Tensor | None:
        """(P, 2, 2) marginal covariance s I + r rᵀ + B in chart units², None without a variance."""
        if self.variance is None:
            return None
        identity = torch.eye(2, dtype=self.mean_uv.dtype, device=self.mean_uv.device)
        total = self.variance[:, None, None] * identity
        if self.direction is not None:
            total = total + self.direction[:, :, None] * self.direction[:, None, :]
        if self.shared_covariance is not None:
            total = total + self.shared_covariance
        return total
