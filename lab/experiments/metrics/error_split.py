"""Errors of whole groups apart from errors within them.

A model that takes its own bias on a part for noise of the annotator stops mending it: the error of
group means then stays while that within groups falls.
"""

from __future__ import annotations

import torch

from ..outcome import Outcome
from .group_means import group_means


def error_split(residual_uv: torch.Tensor, group: torch.Tensor) -> tuple[float, float]:
    """Root mean square errors per direction: of the groups' means, and of points within groups.

    All groups weigh the same in the first and all points in the second, as in the scalars that
    training logs.

    Args:
        residual_uv: (P, 2) chart units.
        group: (P,) int64 in 0..G-1, every group with a point.

    Returns:
        Two numbers in chart units, NaN without points.
    """
    mean = group_means(residual_uv, group)
    within = residual_uv - mean[group]
    return mean.square().mean().sqrt().item(), within.square().mean().sqrt().item()


def error_split_metrics(outcome: Outcome) -> dict[str, float]:
    """`group_error_uv_*` and `within_error_uv_*` against `truth` and `labels`, chart units.

    Against the truth they are those of points whose label names the right chart.
    """
    right = outcome.part_is_true
    true_group = torch.unique(outcome.group[right], return_inverse=True)[1]
    mean_uv = outcome.points.mean_uv
    splits = {
        "truth": error_split((outcome.uv_true - mean_uv)[right], true_group),
        "labels": error_split(outcome.uv_label - mean_uv, outcome.group),
    }
    return {
        f"{name}_error_uv_{reference}": value
        for reference, split in splits.items()
        for name, value in zip(("group", "within"), split, strict=True)
    }
