"""What a trained model says at the annotated points of a set, beside what they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

from uncertain_densepose.evaluation.points.likelihood import group_points
from uncertain_densepose.structures import PointPredictions


@dataclass(frozen=True)
class Outcome:
    """Labels, truth and predictions at P points of a set of people; float64, on the CPU.

    Attributes:
        person: (P,) int64, number of the person in the set.
        part: (P,) int64, labelled chart 1..24.
        part_true: (P,) int64, chart 1..24 on which the point lies.
        predicted_part: (P,) int64, chart 0..24 that the model names, 0 for the background.
        points: predictions read in the chart `part`; points of the same person and labelled part
            carry the same `shared_covariance`.
        points_predicted: predictions read in the chart `predicted_part`.
        uv_label: (P, 2) labelled coordinates in the chart `part`, chart units.
        uv_true: (P, 2) coordinates of the point in the chart `part_true`, chart units.
        true_shared_variance: (P,) variance per direction of the error that the labels of a group
            share, chart units², the same for all points of a group; None where labels share none or
            where it has no such number.
    """

    person: torch.Tensor
    part: torch.Tensor
    part_true: torch.Tensor
    predicted_part: torch.Tensor
    points: PointPredictions
    points_predicted: PointPredictions
    uv_label: torch.Tensor
    uv_true: torch.Tensor
    true_shared_variance: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.part)

    @cached_property
    def group(self) -> torch.Tensor:
        """(P,) int64 in 0..G-1, the pair of person and labelled part of each point."""
        return torch.from_numpy(group_points(self.person.numpy(), self.part.numpy()))

    @cached_property
    def part_is_true(self) -> torch.Tensor:
        """(P,) bool: the labelled part is the true one, so that coordinates can be compared."""
        return self.part == self.part_true
