"""The registered losses: labels of proposals and raw charts in, weighted scalars by name out."""

from __future__ import annotations

from functools import partial

import torch
from detectron2.config import configurable
from detectron2.structures import Instances
from detectron2.utils.events import get_event_storage
from detectron2.utils.registry import Registry

from ..config import ConfigError
from ..structures.point_convention import POINT_CONVENTIONS, PointConvention
from .losses import REDUCTIONS, part_loss, segmentation_loss, uv_loss
from .noise_models import NoiseModel
from .point_labels import coarse_labels_from_masks, coarse_labels_from_parts, gather_points
from .raw_charts import RawCharts
from .training_log import log_point_errors

DENSEPOSE_LOSS_REGISTRY = Registry("DENSEPOSE_LOSS")
DENSEPOSE_LOSS_REGISTRY.__doc__ = """
Losses of `MODEL.ROI_DENSEPOSE_HEAD.LOSS_NAME`.

The registered object is called with `obj(cfg, noise_model)`. It returns a callable that maps the
labelled proposals of a batch and the predictor's output for them to a dict of scalar losses.
"""


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
            ConfigError: the reduction is unknown, or targets from masks meet 15 channels.
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
        self.coarse_labels = (
            coarse_labels_from_masks
            if coarse_by_masks
            else partial(coarse_labels_from_parts, num_channels=num_coarse_channels)
        )
        self.weight_coarse = weight_coarse
        self.weight_fine = weight_fine
        self.weight_uv = weight_uv
        self.divisors = REDUCTIONS[reduction]
        self.anchor_weight = anchor_weight
        self.warm_start_iters = warm_start_iters

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

    def __call__(self, proposals: list[Instances], charts: RawCharts) -> dict[str, torch.Tensor]:
        """
        Args:
            proposals: labelled proposals, one `Instances` per image, R boxes in all.
            charts: the predictor's output for the R boxes, of which `at_points` is used.

        Returns:
            Scalar losses by name, float32 or wider, times their weights. With the reduction "sum"
            the coordinates are summed over this worker's P points, charts and coarse segmentation
            averaged over its points and cells; with "mean" all three are averaged over the points
            and cells of all workers. Nats for a noise model with a likelihood.
        """
        storage = get_event_storage()
        with torch.autocast(proposals[0].proposal_boxes.device.type, enabled=False):
            labels = gather_points(proposals, self.convention)
            coarse = self.coarse_labels(proposals, self.heatmap_size)
            position = self.convention.position(labels.xy_box, self.heatmap_size)

            found = charts.at_points(labels.box, position)
            coarse_segm = found.coarse_segm.select(coarse.box).upsampled(self.up_scale).scaled()
            points = found.in_parts(labels.box, labels.part, self.noise_model.shared_fields)

            if storage.iter < self.warm_start_iters:
                uv = self.noise_model.squared_error(points.mean_uv, labels.uv)
            else:
                uv = uv_loss(points, labels.uv, self.noise_model, self.anchor_weight)
            fine = part_loss(found.fine_segm, labels.part)
            segmentation = segmentation_loss(coarse_segm, coarse.target)
            per_uv, per_part, per_cell = self.divisors(
                len(labels), coarse.target.numel(), uv.device
            )
            nothing = sum(tensor.float().sum() for tensor in found.tensors()) * 0.0
            losses = {
                "loss_densepose_UV": nothing + self.weight_uv * uv / per_uv,
                "loss_densepose_I": self.weight_fine * fine / per_part,
                "loss_densepose_S": self.weight_coarse * segmentation / per_cell,
            }
        log_point_errors(storage, labels.uv - points.mean_uv, points.group, points.num_groups)
        return losses


@DENSEPOSE_LOSS_REGISTRY.register()
class DensePoseChartWithConfidenceLoss(DensePoseChartLoss):
    """DensePose's name for the loss with a noise model; ours always has one."""


def build_densepose_loss(cfg, noise_model: NoiseModel) -> DensePoseChartLoss:
    """The loss that `MODEL.ROI_DENSEPOSE_HEAD.LOSS_NAME` names.

    Raises:
        ConfigError: the name is not registered; the message lists those that are.
    """
    name = cfg.MODEL.ROI_DENSEPOSE_HEAD.LOSS_NAME
    if name not in DENSEPOSE_LOSS_REGISTRY:
        known = ", ".join(sorted(known for known, _ in DENSEPOSE_LOSS_REGISTRY))
        raise ConfigError(
            f"MODEL.ROI_DENSEPOSE_HEAD.LOSS_NAME is {name!r}, which is not a loss; known: {known}"
        )
    return DENSEPOSE_LOSS_REGISTRY.get(name)(cfg, noise_model)
