"""How much clicks help: the error of a part's other points against the number of clicks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..structures import PointPredictions
from .condition import CLICK_SIGMA_UV, condition_points

NUM_CLICKS = (0, 1, 2, 3, 5)
"""Default numbers of clicks per part."""


@dataclass(frozen=True)
class ClicksCurve:
    """Predictions at the same R points after each of C numbers of clicks on their parts.

    Attributes:
        num_clicks: the C numbers.
        point: (R,) int64 indices of the points, which are never clicked.
        mean_uv: (C, R, 2) predictions, chart units.
        residual_uv: (C, R, 2) target minus prediction, chart units.
        covariance_uv: (C, R, 2, 2) predicted covariance of `residual_uv`, chart units².
    """

    num_clicks: tuple[int, ...]
    point: torch.Tensor
    mean_uv: torch.Tensor
    residual_uv: torch.Tensor
    covariance_uv: torch.Tensor

    @property
    def mean_error_uv(self) -> torch.Tensor:
        """(C,) mean length of the residuals, chart units."""
        return self.residual_uv.norm(dim=-1).mean(dim=-1)

    @property
    def rms_error_uv(self) -> torch.Tensor:
        """(C,) root mean square length of the residuals, chart units."""
        return self.residual_uv.square().sum(dim=-1).mean(dim=-1).sqrt()

    @property
    def expected_rms_error_uv(self) -> torch.Tensor:
        """(C,) what the model expects `rms_error_uv` to be: the root of the mean trace."""
        return self.covariance_uv.diagonal(dim1=-2, dim2=-1).sum(dim=-1).mean(dim=-1).sqrt()


def clicks_curve(
    points: PointPredictions,
    target_uv: torch.Tensor,
    group: torch.Tensor,
    num_clicks: Sequence[int] = NUM_CLICKS,
    generator: torch.Generator | None = None,
    click_sigma_uv: float = CLICK_SIGMA_UV,
) -> ClicksCurve:
    """Click random points of every group, and predict the points that are never clicked.

    Larger numbers of clicks include the clicks of smaller ones, and the predicted points are the
    same for all, so that only the clicks differ along the curve.

    Args:
        points: P predictions with a variance, read in the charts of their labels.
        target_uv: (P, 2) true coordinates, also those of the clicks, chart units.
        group: (P,) int64 index of each point's pair of person and part.
        num_clicks: numbers of clicks per group. Groups with no more points than the largest number
            are left out.
        generator: for the choice of points.
        click_sigma_uv: assumed standard deviation of the clicks, chart units.

    Raises:
        ValueError: no group has more points than the largest number of clicks.
    """
    rank = _random_rank(group, generator)
    (point,) = (rank >= max(num_clicks)).nonzero(as_tuple=True)
    if not len(point):
        raise ValueError(f"no part of a person has more than {max(num_clicks)} points")
    target_uv = target_uv.double()
    means, covariances = [], []
    for number in num_clicks:
        (clicked,) = (rank < number).nonzero(as_tuple=True)
        field = condition_points(points, group, clicked, target_uv[clicked], click_sigma_uv)
        means.append(field.mean_uv[point])
        covariances.append(field.covariance()[point])
    mean = torch.stack(means)
    return ClicksCurve(
        tuple(num_clicks), point, mean, target_uv[point] - mean, torch.stack(covariances)
    )


def _random_rank(group: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """(P,) int64 rank of each point in a random order of its group, from 0."""
    shuffled = torch.randperm(len(group), generator=generator)
    order = shuffled[torch.argsort(group[shuffled], stable=True)]
    count = torch.bincount(group)
    start = count.cumsum(0) - count
    place = torch.arange(len(group)) - start[group[order]]
    return torch.empty_like(group).index_copy(0, order, place)
