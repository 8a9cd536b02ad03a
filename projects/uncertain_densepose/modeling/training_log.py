"""What training writes down of the points that it learns from, in Detectron2's event storage."""

from __future__ import annotations

import torch
from detectron2.utils.events import EventStorage

from ..distributions.grouping import group_mean

_SKIPPED = "densepose/num_skipped_batches"


def log_point_errors(
    storage: EventStorage, residual: torch.Tensor, group: torch.Tensor, num_groups: int
) -> None:
    """Write down the number of points, how many batches so far had none, and two errors.

    `densepose/group_error_uv` and `densepose/within_error_uv` are root mean squares, chart units:
    of the groups' mean residuals, and of what remains of the points' within their groups.

    Args:
        storage: of the training.
        residual: (P, 2) annotated minus predicted, chart units.
        group: (P,) int64 in 0..num_groups-1.
        num_groups: G.
    """
    residual = residual.detach()
    storage.put_scalar("densepose/num_points", len(residual))
    skipped, _ = storage.latest().get(_SKIPPED, (0, None))
    storage.put_scalar(_SKIPPED, skipped + (not len(residual)), smoothing_hint=False)
    if not len(residual):
        return
    mean = group_mean(residual, group, num_groups)
    within = residual - mean[group]
    storage.put_scalar("densepose/group_error_uv", mean.square().mean().sqrt())
    storage.put_scalar("densepose/within_error_uv", within.square().mean().sqrt())
