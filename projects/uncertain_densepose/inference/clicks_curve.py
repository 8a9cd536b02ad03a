"""What clicks are worth: the error of a part's other points against the number of clicks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..structures import PointPredictions
from .condition import CLICK_SIGMA_UV, condition_points

NUM_CLICKS = (0, 1, 2, 3, 5)
"""Clicks a part at which the error is measured."""


@dataclass(frozen=True)
class ClicksCurve:
    """The same R points, predicted with C numbers of clicks on their parts.

    Attributes:
        num_clicks: C numbers.
        point: (R,) int64, which of the points they are; none of them is ever clicked.
        mean_uv: (C, R, 2) their predicted coordinates, chart units.
        residual_uv: (C, R, 2) target minus prediction, chart units.
        covariance_uv: (C, R, 2, 2) what the model expects of `residual_uv`, chart units².
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
        """(C,) the same in expectation under the model: the root of the mean trace."""
        return self.covariance_uv.diagonal(dim1=-2, dim2=-1).sum(dim=-1).mean(dim=-1).sqrt()


def clicks_curve(
    points: PointPredictions,
    target_uv: torch.Tensor,
    group: torch.Tensor,
    num_clicks: Sequence[int] = NUM_CLICKS,
    generator: torch.Generator | None = None,
    click_sigma_uv: float = CLICK_SIGMA_UV,
) -> ClicksCurve:
    """Click points of every group at random and look at those that are never clicked.

    The clicks of a smaller number are among those of a larger one, and the points that are looked
    at are the same for all, so that the curve compares nothing but the clicks.

    Args:
        points: P predictions with a variance, read in the charts of their labels.
        target_uv: (P, 2) true coordinates, which are those of the clicks too, chart units.
        group: (P,) int64, the pair of person and part of each point.
        num_clicks: clicks a group. Groups of no more points than the largest do not count.
        generator: of the choice of points.
        click_sigma_uv: standard deviation that clicks are taken to have, chart units.

    Raises:
        ValueError: no group has more points than clicks.
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
    """(P,) int64: each point's place in a random order of its group, from 0."""
    shuffled = torch.randperm(len(group), generator=generator)
    order = shuffled[torch.argsort(group[shuffled], stable=True)]
    count = torch.bincount(group)
    start = count.cumsum(0) - count
    place = torch.arange(len(group)) - start[group[order]]
    return torch.empty_like(group).index_copy(0, order, place)
