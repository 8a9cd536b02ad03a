"""The losses of dense-pose charts, as functions of tensors.

Each is a sum, over points or cells, which :data:`REDUCTIONS` says how to divide. The chart losses
are those of DensePose (Güler, Neverova, Kokkinos, CVPR 2018), the coordinate loss that of
Neverova, Novotny, Vedaldi (NeurIPS 2019). Shapes: P points, C = charts + background, R boxes with
labels, maps of S x S cells.
"""

from __future__ import annotations

import torch
from detectron2.utils import comm
from torch.nn import functional as F

from .charts_at_points import PointValues
from .noise_models import NoiseModel


def uv_loss(
    points: PointValues,
    target_uv: torch.Tensor,
    noise_model: NoiseModel,
    anchor_weight: float = 0.0,
) -> torch.Tensor:
    """Σ -log p(y) + a Σ |y - ŷ|² / (2 s_0): the noise model's loss, and an anchor of the means.

    The anchor keeps teaching means that the noise explains away, see
    `NoiseModel.squared_error` for s_0.

    Args:
        points: ŷ and the noise model's fields at P points.
        target_uv: (P, 2) y, chart units.
        noise_model: p, with the weights of :func:`~.noise_models.base.beta_weight`.
        anchor_weight: a.

    Returns:
        A scalar, nats for a model with a likelihood.
    """
    likelihood = noise_model.loss(points.mean_uv, target_uv, points.logits, points.group)
    return likelihood + anchor_weight * noise_model.squared_error(points.mean_uv, target_uv)


def part_loss(fine_segm: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
    """Σ -log softmax(scores)[part], a scalar in nats: the cross-entropy of scores (P, C) at points
    whose charts are (P,) int64."""
    return F.cross_entropy(fine_segm, part, reduction="sum")


def segmentation_loss(coarse_segm: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Σ -log softmax(scores)[target]: the cross-entropy of the coarse segmentation.

    Args:
        coarse_segm: (R, 2 or 15, S, S) scores.
        target: (R, S, S) int64 channels.

    Returns:
        A scalar, nats, summed over cells.
    """
    return F.cross_entropy(coarse_segm, target, reduction="sum")


Divisors = tuple[torch.Tensor | float, torch.Tensor | float, torch.Tensor | float]
"""What the sums of coordinates, parts and the coarse segmentation are divided by."""


def divisors_of_densepose(num_points: int, num_cells: int, device: torch.device) -> Divisors:
    """DensePose's divisors (1, P, cells): coordinates stay a sum over the worker's points, charts
    and coarse segmentation become means over its own. Arguments as :func:`divisors_of_means`."""
    return 1.0, max(num_points, 1), max(num_cells, 1)


def divisors_of_means(num_points: int, num_cells: int, device: torch.device) -> Divisors:
    """Divisors (P, P, cells) that make means over all workers' points and cells.

    Args:
        num_points: P of this worker.
        num_cells: cells of its coarse segmentation targets, R S².
        device: of the losses; the counts are summed over workers there.

    Returns:
        Scalars float32, at least 1: the counts of the average worker, since gradients are averaged
        over workers.
    """
    count = torch.tensor([num_points, num_cells], dtype=torch.float64).to(device)
    workers = comm.get_world_size()
    if workers > 1:
        torch.distributed.all_reduce(count)
    points, cells = (count / workers).clamp_min(1.0).float()
    return points, points, cells


REDUCTIONS = {"sum": divisors_of_densepose, "mean": divisors_of_means}
"""The values of `MODEL.ROI_DENSEPOSE_HEAD.UV_REDUCTION`, called with the worker's numbers of points
and cells, and the device of the losses."""
