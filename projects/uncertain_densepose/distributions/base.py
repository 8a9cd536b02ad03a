"""What the models of chart coordinates share."""

from __future__ import annotations

import math

import torch
from torch.distributions import Distribution

LOG_2PI = math.log(2 * math.pi)

SampleShape = torch.Size | list[int] | tuple[int, ...]


class UVDistribution(Distribution):
    """A distribution over the chart coordinates of P points.

    One object describes a whole batch of points. The points of an independent model have a
    density each; those of a joint model have one density a group. Arguments must be finite, with
    variances above 0, which is not checked. Half precision is refused: at variances near 1e-4 its
    densities are noise.

    Args:
        mean_uv: (P, 2) chart units.
        batch_shape: the shape of `log_prob`: (P,) or (G,).

    Raises:
        ValueError: a shape does not fit, or `mean_uv` is neither float32 nor float64.
    """

    arg_constraints = {}
    has_rsample = True

    def __init__(self, mean_uv: torch.Tensor, batch_shape: torch.Size):
        if mean_uv.dim() != 2 or mean_uv.shape[1] != 2:
            raise ValueError(f"mean_uv must be (P, 2), not {tuple(mean_uv.shape)}")
        if mean_uv.dtype not in (torch.float32, torch.float64):
            raise ValueError(f"mean_uv must be float32 or float64, not {mean_uv.dtype}")
        self.mean_uv = mean_uv
        super().__init__(batch_shape, validate_args=False)

    @property
    def num_points(self) -> int:
        """P."""
        return len(self.mean_uv)

    @property
    def mean(self) -> torch.Tensor:
        """(P, 2) `mean_uv`, chart units."""
        return self.mean_uv

    def covariance(self) -> torch.Tensor:
        """(P, 2, 2) marginal covariance of every point, chart units²."""
        raise NotImplementedError

    def log_spread(self) -> torch.Tensor:
        """(P,) ½ log |Σ_i|, the log of a point's geometric-mean variance in chart units²; (G,) the
        mean over a group's points if joint."""
        return 0.5 * self.covariance().det().log()

    def mahalanobis(self, target_uv: torch.Tensor) -> torch.Tensor:
        """Squared Mahalanobis distance δᵀ Σ⁻¹ δ of targets (P, 2): (P,), or (G,) if joint."""
        raise NotImplementedError

    def condition(self, index: torch.Tensor, value: torch.Tensor) -> UVDistribution:
        """The distribution of the other points, given the coordinates of some.

        Args:
            index: (N,) int64, distinct points whose coordinates are known.
            value: (N, 2) their coordinates, chart units.

        Returns:
            A distribution over the remaining P - N points, in their order.
        """
        raise NotImplementedError

    def _check(self, **expected: tuple[torch.Tensor, tuple[int, ...]]) -> None:
        for name, (tensor, shape) in expected.items():
            if tuple(tensor.shape) != shape:
                raise ValueError(f"{name} must be {shape}, not {tuple(tensor.shape)}")

    def _rest(self, index: torch.Tensor) -> torch.Tensor:
        """(P,) bool, False at the points named by `index`."""
        rest = torch.ones(self.num_points, dtype=torch.bool, device=self.mean_uv.device)
        rest[index] = False
        return rest
