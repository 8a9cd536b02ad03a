"""A small dense-pose model whose input is a box already: the crop takes the place of the RoI."""

from __future__ import annotations

from collections.abc import Callable

import torch
from detectron2.config import configurable
from detectron2.modeling import META_ARCH_REGISTRY, build_backbone, build_model
from detectron2.structures import Boxes, Instances
from torch import nn

from uncertain_densepose.checkpoint import SafeCheckpointer
from uncertain_densepose.config import ConfigError
from uncertain_densepose.modeling.chart_loss import build_densepose_loss
from uncertain_densepose.modeling.chart_predictor import (
    DensePoseChartPredictor,
    build_densepose_predictor,
)
from uncertain_densepose.modeling.densepose_head import build_densepose_head
from uncertain_densepose.structures import ChartMaps, PointAnnotations, PointAnnotationsList


@META_ARCH_REGISTRY.register()
class CropDensePose(nn.Module):
    """Backbone, dense-pose head and predictor on square crops of people, without a detector.

    The finest level of the backbone is the pooled feature of the box, so that noise models and
    losses are those of `DensePoseROIHeads` and nothing else is learned.
    """

    pixel_mean: torch.Tensor
    pixel_std: torch.Tensor

    @configurable
    def __init__(
        self,
        *,
        backbone: nn.Module,
        in_feature: str,
        head: nn.Module,
        predictor: DensePoseChartPredictor,
        loss: Callable,
        pixel_mean: tuple[float, ...],
        pixel_std: tuple[float, ...],
    ):
        """
        Args:
            backbone: of Detectron2.
            in_feature: the level that it is read at.
            head, predictor: the dense-pose branch, in this order.
            loss: (labelled proposals, predictor output) to a dict of losses.
            pixel_mean, pixel_std: (3,) that images are normalised by.
        """
        super().__init__()
        self.backbone = backbone
        self.in_feature = in_feature
        self.densepose_head = head
        self.densepose_predictor = predictor
        self.densepose_loss = loss
        self.register_buffer("pixel_mean", torch.tensor(pixel_mean).view(-1, 1, 1), False)
        self.register_buffer("pixel_std", torch.tensor(pixel_std).view(-1, 1, 1), False)

    @classmethod
    def from_config(cls, cfg):
        if cfg.INPUT.FORMAT != "RGB":
            raise ConfigError(f"INPUT.FORMAT is {cfg.INPUT.FORMAT!r}, but crops are RGB")
        options = cfg.MODEL.ROI_DENSEPOSE_HEAD
        backbone = build_backbone(cfg)
        in_feature = cfg.MODEL.ROI_HEADS.IN_FEATURES[0]
        shape = backbone.output_shape()[in_feature]
        side = 2 * options.UP_SCALE * cfg.EXPERIMENT.CROP_SIDE // shape.stride
        if options.HEATMAP_SIZE != side:
            raise ConfigError(
                f"MODEL.ROI_DENSEPOSE_HEAD.HEATMAP_SIZE is {options.HEATMAP_SIZE}, but crops of "
                f"{cfg.EXPERIMENT.CROP_SIDE} pixels, {in_feature} and an UP_SCALE of "
                f"{options.UP_SCALE} make maps of {side}"
            )
        head = build_densepose_head(cfg, shape.channels)
        predictor = build_densepose_predictor(cfg, head.n_out_channels)
        return {
            "backbone": backbone,
            "in_feature": in_feature,
            "head": head,
            "predictor": predictor,
            "loss": build_densepose_loss(cfg, predictor.noise_model),
            "pixel_mean": cfg.MODEL.PIXEL_MEAN,
            "pixel_std": cfg.MODEL.PIXEL_STD,
        }

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.pixel_mean.device

    def forward(self, batched_inputs: list[dict]) -> dict[str, torch.Tensor] | list[dict]:
        """
        Args:
            batched_inputs: a dict a crop with `image` (3, S, S), all of one size, and in training
                `densepose`, a :class:`~uncertain_densepose.structures.PointAnnotations`.

        Returns:
            In training the losses by name; else a dict a crop with `densepose`, the
            :class:`~uncertain_densepose.structures.ChartMaps` of one box.
        """
        images = torch.stack([item["image"] for item in batched_inputs])
        if not self.training:
            maps = self.predict(images)
            return [{"densepose": maps[i]} for i in range(len(maps))]
        proposals = [
            whole_crop(item["densepose"], images.shape[-1], self.device) for item in batched_inputs
        ]
        return self.densepose_loss(proposals, self._charts(images))

    def predict(self, images: torch.Tensor) -> ChartMaps:
        """The chart maps of crops (N, 3, S, S), RGB in 0..255; one box each."""
        return self.densepose_predictor.chart_maps(self._charts(images))

    def _charts(self, images: torch.Tensor):
        images = (images.to(self.device) - self.pixel_mean) / self.pixel_std
        images = images.contiguous(memory_format=torch.channels_last)
        features = self.backbone(images)[self.in_feature]
        return self.densepose_predictor(self.densepose_head(features))


def whole_crop(annotations: PointAnnotations, side: int, device: torch.device) -> Instances:
    """A labelled proposal that covers a crop of `side` pixels.

    Args:
        annotations: `PointAnnotations` of the crop's person.
        side: pixels.
        device: that of the result.
    """
    box = Boxes(torch.tensor([[0.0, 0.0, side, side]], device=device))
    return Instances(
        (side, side),
        proposal_boxes=box,
        gt_boxes=box,
        gt_densepose=PointAnnotationsList([annotations]).to(device),
    )


def build_crop_model(cfg, seed: int) -> CropDensePose:
    """A model with initial weights from a seed; layers common to all noise models start equal.

    Args:
        cfg: of the model. `MODEL.WEIGHTS`, if set, replaces the weights that it contains.
        seed: of the weights.
    """
    reference = cfg.clone()
    reference.defrost()
    reference.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE = "mse"
    torch.manual_seed(seed)
    common = build_model(reference).state_dict()
    torch.manual_seed(seed)
    model = build_model(cfg)
    with torch.no_grad():
        for name, values in model.state_dict().items():
            if name in common:
                values.copy_(common[name])
    if cfg.MODEL.WEIGHTS:
        SafeCheckpointer(model).load(cfg.MODEL.WEIGHTS)
    # The layout in which convolutions of few channels are fastest, on CPUs too.
    return model.to(memory_format=torch.channels_last)
