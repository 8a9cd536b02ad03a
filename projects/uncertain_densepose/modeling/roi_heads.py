"""ROI heads with a dense-pose branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from detectron2.config import configurable
from detectron2.modeling import ROI_HEADS_REGISTRY, StandardROIHeads
from detectron2.modeling.poolers import ROIPooler
from detectron2.structures import Instances
from detectron2.utils.events import get_event_storage
from torch import nn

from ..config import ConfigError
from ..upstream_names import register_unless_upstreams
from .chart_loss import build_densepose_loss
from .chart_predictor import build_densepose_predictor
from .densepose_head import build_densepose_head
from .fpn_decoder import Decoder
from .point_labels import select_labelled


@register_unless_upstreams(ROI_HEADS_REGISTRY)
class DensePoseROIHeads(StandardROIHeads):
    """`StandardROIHeads` with a branch that predicts charts and their uncertainty.

    In training it adds the losses of `densepose_loss`; at inference, instances get the field
    `pred_densepose`, a :class:`~uncertain_densepose.structures.ChartMaps`.
    """

    @configurable
    def __init__(
        self,
        *,
        densepose_in_features: list[str] | None = None,
        densepose_decoder: nn.Module | None = None,
        densepose_pooler: ROIPooler | None = None,
        densepose_head: nn.Module | None = None,
        densepose_predictor: nn.Module | None = None,
        densepose_loss: Callable | None = None,
        densepose_iou_threshold: float = 0.7,
        **kwargs,
    ):
        """
        Args:
            densepose_in_features: feature levels to pool; None switches the branch off.
            densepose_decoder: joins the levels into one before pooling, or None.
            densepose_pooler, densepose_head, densepose_predictor: the branch, in this order.
            densepose_loss: (labelled proposals, predictor output) to a dict of losses.
            densepose_iou_threshold: least IoU of a trained proposal with its person.
        """
        super().__init__(**kwargs)
        self.densepose_on = densepose_in_features is not None
        if not self.densepose_on:
            return
        self.densepose_in_features = densepose_in_features
        # "decoder" is the name under which checkpoints of DensePose keep it.
        self.decoder = densepose_decoder
        self.densepose_pooler = densepose_pooler
        self.densepose_head = densepose_head
        self.densepose_predictor = densepose_predictor
        self.densepose_loss = densepose_loss
        self.densepose_iou_threshold = densepose_iou_threshold

    @classmethod
    def from_config(cls, cfg, input_shape):
        return super().from_config(cfg, input_shape) | cls._init_densepose_head(cfg, input_shape)

    @classmethod
    def _init_densepose_head(cls, cfg, input_shape) -> dict:
        if not cfg.MODEL.DENSEPOSE_ON:
            return {}
        options = cfg.MODEL.ROI_DENSEPOSE_HEAD
        side = 2 * options.UP_SCALE * options.POOLER_RESOLUTION
        if options.HEATMAP_SIZE != side:
            raise ConfigError(
                f"MODEL.ROI_DENSEPOSE_HEAD.HEATMAP_SIZE is {options.HEATMAP_SIZE}, but a "
                f"POOLER_RESOLUTION of {options.POOLER_RESOLUTION} and an UP_SCALE of "
                f"{options.UP_SCALE} make maps of {side}"
            )
        in_features = cfg.MODEL.ROI_HEADS.IN_FEATURES
        decoder = None
        channels = input_shape[in_features[0]].channels
        strides = [input_shape[name].stride for name in in_features]
        if options.DECODER_ON:
            decoder = Decoder(cfg, input_shape, in_features)
            channels, strides = options.DECODER_NUM_CLASSES, [options.DECODER_COMMON_STRIDE]
        head = build_densepose_head(cfg, channels)
        # Every head has it; torch types attributes of modules as tensors or modules.
        head_channels = cast("int", head.n_out_channels)
        predictor = build_densepose_predictor(cfg, head_channels)
        return {
            "densepose_in_features": in_features,
            "densepose_decoder": decoder,
            "densepose_pooler": ROIPooler(
                output_size=options.POOLER_RESOLUTION,
                scales=[1.0 / stride for stride in strides],
                sampling_ratio=options.POOLER_SAMPLING_RATIO,
                pooler_type=options.POOLER_TYPE,
            ),
            "densepose_head": head,
            "densepose_predictor": predictor,
            "densepose_loss": build_densepose_loss(cfg, predictor.noise_model),
            "densepose_iou_threshold": options.FG_IOU_THRESHOLD,
        }

    def forward(self, images, features, proposals, targets=None):
        """See `StandardROIHeads.forward`."""
        instances, losses = super().forward(images, features, proposals, targets)
        if self.training and self.densepose_on:
            losses.update(self._densepose_losses(features, instances))
        return instances, losses

    def forward_with_given_boxes(self, features, instances):
        """See `StandardROIHeads.forward_with_given_boxes`; adds `pred_densepose`."""
        instances = super().forward_with_given_boxes(features, instances)
        if not self.densepose_on:
            return instances
        charts = self._densepose_charts(features, [image.pred_boxes for image in instances])
        maps = self.densepose_predictor.chart_maps(charts)
        start = 0
        for image in instances:
            image.pred_densepose = maps[start : start + len(image)]
            start += len(image)
        return instances

    def _densepose_losses(self, features, proposals: list[Instances]) -> dict[str, torch.Tensor]:
        labelled = select_labelled(proposals, self.densepose_iou_threshold)
        get_event_storage().put_scalar("densepose/num_boxes", sum(len(x) for x in labelled))
        charts = self._densepose_charts(features, [image.proposal_boxes for image in labelled])
        if self.densepose_loss is None:
            raise ValueError("the dense-pose branch was made without densepose_loss")
        return self.densepose_loss(labelled, charts)

    def _densepose_charts(self, features, boxes):
        if self.decoder is None:
            levels = [features[name] for name in self.densepose_in_features]
        else:
            levels = [self.decoder(features)]
        pooled = self.densepose_pooler(levels, boxes)
        return self.densepose_predictor(self.densepose_head(pooled))
