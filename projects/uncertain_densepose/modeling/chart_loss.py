"""The losses of dense-pose charts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from detectron2.config import configurable
from detectron2.structures import Instances
from detectron2.utils import comm
from detectron2.utils.events import get_event_storage
from detectron2.utils.registry import Registry
from torch.nn import functional as F

from ..config import ConfigError
from ..distributions.grouping import group_mean
from ..structures.point_convention import POINT_CONVENTIONS, PointConvention
from .noise_models import NoiseModel
from .point_labels import (
    PointLabels,
    coarse_targets_from_masks,
    coarse_targets_from_parts,
    gather_points,
)
from .raw_charts import ChartsAtPoints, RawCharts
from .segmentation_logits import SegmentationLogits

DENSEPOSE_LOSS_REGISTRY = Registry("DENSEPOSE_LOSS")
DENSEPOSE_LOSS_REGISTRY.__doc__ = """
Losses of `MODEL.ROI_DENSEPOSE_HEAD.LOSS_NAME`.

The registered object is called with `obj(cfg, noise_model)`. It returns a callable that maps the
labelled proposals of a batch and the predictor's output for them to a dict of scalar losses.
"""


@dataclass(frozen=True)
class LossSums:
    """The three losses summed over what they are counted in.

    Attributes:
        uv, fine, coarse: scalars: over points, points and cells.
        num_points, num_cells: their numbers.
    """

    uv: torch.Tensor
    fine: torch.Tensor
    coarse: torch.Tensor
    num_points: int
    num_cells: int


def reduce_as_densepose(sums: LossSums) -> tuple[torch.Tensor, ...]:
    """Coordinates: the sum over points. Segmentations: means over the worker's own."""
    return sums.uv, sums.fine / max(sums.num_points, 1), sums.coarse / max(sums.num_cells, 1)


def reduce_to_means(sums: LossSums) -> tuple[torch.Tensor, ...]:
    """Means over the points and cells of all workers, whatever share of them a worker has."""
    count = torch.tensor([sums.num_points, sums.num_cells], dtype=torch.float64)
    count = count.to(sums.uv.device)
    workers = comm.get_world_size()
    if workers > 1:
        torch.distributed.all_reduce(count)
    # Gradients are averaged over workers, hence the count of the average worker.
    points, cells = (count / workers).clamp_min(1.0).to(sums.uv.dtype)
    return sums.uv / points, sums.fine / points, sums.coarse / cells


REDUCTIONS = {"sum": reduce_as_densepose, "mean": reduce_to_means}
"""The values of `MODEL.ROI_DENSEPOSE_HEAD.UV_REDUCTION`."""


@DENSEPOSE_LOSS_REGISTRY.register()
class DensePoseChartLoss:
    """Coarse segmentation, chart classification and coordinates under a noise model.

    The dict has the same keys whatever the batch holds, and every predicted tensor is in the
    graph of their sum, so that workers without labels stay in step with the others:

    - `loss_densepose_S`: cross-entropy of the coarse segmentation at the cells of the maps;
    - `loss_densepose_I`: cross-entropy of the charts at annotated points;
    - `loss_densepose_UV`: the noise model's loss at annotated points.

    The arithmetic is float32 or wider, also inside autocast.
    """

    @configurable
    def __init__(
        self,
        *,
        noise_model: NoiseModel,
        convention: PointConvention,
        heatmap_size: int,
        up_scale: int,
        num_coarse_channels: int,
        coarse_by_masks: bool,
        weight_coarse: float,
        weight_fine: float,
        weight_uv: float,
        reduction: str,
        anchor_weight: float,
        warm_start_iters: int,
    ):
        """
        Args:
            noise_model: the model of coordinate errors.
            convention: where labels lie in maps.
            heatmap_size: side of the upsampled maps, cells.
            up_scale: factor of the bilinear upsampling.
            num_coarse_channels: 2, or 15.
            coarse_by_masks: coarse targets from `gt_masks` rather than from `dp_masks`.
            weight_coarse, weight_fine, weight_uv: weights of the three losses.
            reduction: one of `REDUCTIONS`.
            anchor_weight: weight of the squared error kept beside the likelihood.
            warm_start_iters: iterations that train the means alone.

        Raises:
            ConfigError: for an unknown reduction, or 15 channels with targets from masks.
        """
        if reduction not in REDUCTIONS:
            raise ConfigError(
                f"MODEL.ROI_DENSEPOSE_HEAD.UV_REDUCTION is {reduction!r}, not one of "
                f"{tuple(REDUCTIONS)}"
            )
        if coarse_by_masks and num_coarse_channels != 2:
            raise ConfigError(
                "MODEL.ROI_DENSEPOSE_HEAD.COARSE_SEGM_TRAINED_BY_MASKS needs "
                f"NUM_COARSE_SEGM_CHANNELS 2, not {num_coarse_channels}"
            )
        self.noise_model = noise_model
        self.convention = convention
        self.heatmap_size = heatmap_size
        self.up_scale = up_scale
        self.num_coarse_channels = num_coarse_channels
        self.coarse_by_masks = coarse_by_masks
        self.weight_coarse = weight_coarse
        self.weight_fine = weight_fine
        self.weight_uv = weight_uv
        self.reduce = REDUCTIONS[reduction]
        self.anchor_weight = anchor_weight
        self.warm_start_iters = warm_start_iters
        self._num_skipped_batches = 0

    @classmethod
    def from_config(cls, cfg, noise_model: NoiseModel):
        head = cfg.MODEL.ROI_DENSEPOSE_HEAD
        if head.POINT_CONVENTION not in POINT_CONVENTIONS:
            raise ConfigError(
                f"MODEL.ROI_DENSEPOSE_HEAD.POINT_CONVENTION is {head.POINT_CONVENTION!r}, not one "
                f"of {tuple(POINT_CONVENTIONS)}"
            )
        return {
            "noise_model": noise_model,
            "convention": POINT_CONVENTIONS[head.POINT_CONVENTION],
            "heatmap_size": head.HEATMAP_SIZE,
            "up_scale": head.UP_SCALE,
            "num_coarse_channels": head.NUM_COARSE_SEGM_CHANNELS,
            "coarse_by_masks": head.COARSE_SEGM_TRAINED_BY_MASKS,
            "weight_coarse": head.INDEX_WEIGHTS,
            "weight_fine": head.PART_WEIGHTS,
            "weight_uv": head.POINT_REGRESSION_WEIGHTS,
            "reduction": head.UV_REDUCTION,
            "anchor_weight": head.UV_CONFIDENCE.MSE_ANCHOR_WEIGHT,
            "warm_start_iters": head.UV_CONFIDENCE.WARM_START_ITERS,
        }

    def __call__(self, proposals: list[Instances], charts: RawCharts) -> dict:
        """
        Args:
            proposals: labelled proposals, one `Instances` a image, R boxes in all.
            charts: the predictor's output for the R boxes; what is used of it is `at_points`.

        Returns:
            Scalar float32 losses by name.
        """
        with torch.autocast(proposals[0].proposal_boxes.device.type, enabled=False):
            labels = gather_points(proposals, self.convention)
            position = labels.xy_box * self.heatmap_size - self.convention.pixel_offset
            found = charts.at_points(labels.box, position)
            coarse, num_cells = self._coarse_loss(proposals, found.coarse_segm)
            sums = LossSums(
                uv=self._uv_loss(labels, found),
                fine=F.cross_entropy(found.fine_segm, labels.part, reduction="sum"),
                coarse=coarse,
                num_points=len(labels),
                num_cells=num_cells,
            )
            uv, fine, coarse = self.reduce(sums)
            nothing = sum(tensor.float().sum() for tensor in found.tensors()) * 0.0
            return {
                "loss_densepose_UV": nothing + self.weight_uv * uv,
                "loss_densepose_I": self.weight_fine * fine,
                "loss_densepose_S": self.weight_coarse * coarse,
            }

    def _coarse_loss(
        self, proposals: list[Instances], segmentation: SegmentationLogits
    ) -> tuple[torch.Tensor, int]:
        """The sum over cells, and their number."""
        if self.coarse_by_masks:
            target, box = coarse_targets_from_masks(proposals, self.heatmap_size)
        else:
            target, box = coarse_targets_from_parts(
                proposals, self.heatmap_size, self.num_coarse_channels
            )
        logits = segmentation.select(box).upsampled(self.up_scale).scaled()
        return F.cross_entropy(logits, target, reduction="sum"), target.numel()

    def _uv_loss(self, labels: PointLabels, found: ChartsAtPoints) -> torch.Tensor:
        """The sum over points."""

        def of_part(values: torch.Tensor) -> torch.Tensor:
            return values.gather(1, labels.part[:, None])[:, 0]

        num_charts = found.u.shape[1]
        mean_uv = torch.stack([of_part(found.u), of_part(found.v)], dim=-1)
        key, group = torch.unique(labels.box * num_charts + labels.part, return_inverse=True)
        model = self.noise_model
        logits = {name: of_part(found.point_logits[name]) for name in model.point_fields}
        for name in model.shared_fields:
            if name in found.shared_logits:
                logits[name] = found.shared_logits[name].flatten()[key].float()
            else:
                logits[name] = group_mean(of_part(found.point_logits[name]), group, len(key))
        self._log_errors((labels.uv - mean_uv).detach(), group, len(key))

        squared = model.squared_error(mean_uv, labels.uv)
        if get_event_storage().iter < self.warm_start_iters:
            return squared
        likelihood = model.loss(mean_uv, labels.uv, logits, group)
        return likelihood + self.anchor_weight * squared

    def _log_errors(self, residual: torch.Tensor, group: torch.Tensor, num_groups: int) -> None:
        """Root mean square errors, chart units: of the groups' means, and of points within."""
        storage = get_event_storage()
        storage.put_scalar("densepose/num_points", len(residual))
        self._num_skipped_batches += not len(residual)
        storage.put_scalar(
            "densepose/num_skipped_batches", self._num_skipped_batches, smoothing_hint=False
        )
        if not len(residual):
            return
        mean = group_mean(residual, group, num_groups)
        within = residual - mean[group]
        storage.put_scalar("densepose/group_error_uv", mean.square().mean().sqrt())
        storage.put_scalar("densepose/within_error_uv", within.square().mean().sqrt())


@DENSEPOSE_LOSS_REGISTRY.register()
class DensePoseChartWithConfidenceLoss(DensePoseChartLoss):
    """DensePose's name for the loss with a noise model; ours always has one."""


def build_densepose_loss(cfg, noise_model: NoiseModel) -> DensePoseChartLoss:
    """The loss that `MODEL.ROI_DENSEPOSE_HEAD.LOSS_NAME` names."""
    name = cfg.MODEL.ROI_DENSEPOSE_HEAD.LOSS_NAME
    return DENSEPOSE_LOSS_REGISTRY.get(name)(cfg, noise_model)
