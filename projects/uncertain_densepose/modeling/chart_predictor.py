"""Predictors: features of a box to charts, and to the fields of a noise model."""

from __future__ import annotations

import torch
from detectron2.config import configurable
from detectron2.layers import ConvTranspose2d
from detectron2.utils.registry import Registry
from torch import nn
from torch.nn import functional as F

from ..structures import ChartMaps
from .lowres_charts import LowresCharts
from .noise_models import NoiseModel, build_noise_model
from .noise_models.base import softplus_inverse
from .segmentation_logits import SegmentationLogits, upsample

DENSEPOSE_PREDICTOR_REGISTRY = Registry("DENSEPOSE_PREDICTOR")
DENSEPOSE_PREDICTOR_REGISTRY.__doc__ = """
Predictors of `MODEL.ROI_DENSEPOSE_HEAD.PREDICTOR_NAME`.

The registered object is called with `obj(cfg, input_channels)`. It returns a `nn.Module` that
maps (R, input_channels, s, s) to a :class:`LowresCharts`, and whose `chart_maps` turns that into
a :class:`ChartMaps`.
"""


CHART_LAYERS = ("ann_index_lowres", "index_uv_lowres", "u_lowres", "v_lowres")
CONFIDENCE_LAYERS = ("fine_segm_confidence_lowres", "coarse_segm_confidence_lowres")


class NoiseModelMismatch(ValueError):
    """Weights of one noise model are being loaded into another."""


@DENSEPOSE_PREDICTOR_REGISTRY.register()
class DensePoseChartPredictor(nn.Module):
    """A transposed convolution for every field, a linear layer of pooled features for shared ones.

    Layers keep DensePose's names, so that its checkpoints load. Coordinates start at the centre
    of the chart and the noise at the reference variance.
    """

    @configurable
    def __init__(
        self,
        *,
        input_channels: int,
        num_charts: int,
        num_coarse_channels: int,
        kernel_size: int,
        up_scale: int,
        noise_model: NoiseModel,
        segm_confidence_epsilon: float | None = None,
    ):
        """
        Args:
            input_channels: channels of the head's features.
            num_charts: charts, without background.
            num_coarse_channels: 2, or 15.
            kernel_size: even side of the transposed convolutions' kernels.
            up_scale: factor of the bilinear upsampling that follows them.
            noise_model: says which fields to predict besides the charts.
            segm_confidence_epsilon: lower bound of a predicted confidence of both
                segmentations, or None to predict none.
        """
        super().__init__()
        self.segm_confidence_epsilon = segm_confidence_epsilon
        self.up_scale = up_scale
        self.noise_model = noise_model

        def deconvolution(channels: int, bias: float, std: float) -> nn.Module:
            layer = ConvTranspose2d(
                input_channels, channels, kernel_size, stride=2, padding=kernel_size // 2 - 1
            )
            nn.init.normal_(layer.weight, std=std)
            nn.init.constant_(layer.bias, bias)
            return layer

        charts = num_charts + 1
        self.ann_index_lowres = deconvolution(num_coarse_channels, 0.0, 0.01)
        self.index_uv_lowres = deconvolution(charts, 0.0, 0.01)
        self.u_lowres = deconvolution(charts, 0.5, 0.001)
        self.v_lowres = deconvolution(charts, 0.5, 0.001)
        if segm_confidence_epsilon is not None:
            for name in CONFIDENCE_LAYERS:
                # A confidence of one to begin with.
                self.add_module(name, deconvolution(1, softplus_inverse(1.0), 0.001))
        for name, bias in noise_model.point_fields.items():
            self.add_module(f"{name}_lowres", deconvolution(charts, bias, 0.001))
        for name, bias in noise_model.shared_fields.items():
            layer = nn.Linear(input_channels, charts)
            nn.init.normal_(layer.weight, std=0.001)
            nn.init.constant_(layer.bias, bias)
            self.add_module(name, layer)

    @classmethod
    def from_config(cls, cfg, input_channels: int):
        head = cfg.MODEL.ROI_DENSEPOSE_HEAD
        segm = head.SEGM_CONFIDENCE
        return {
            "input_channels": input_channels,
            "num_charts": head.NUM_PATCHES,
            "num_coarse_channels": head.NUM_COARSE_SEGM_CHANNELS,
            "kernel_size": head.DECONV_KERNEL,
            "up_scale": head.UP_SCALE,
            "noise_model": build_noise_model(cfg),
            "segm_confidence_epsilon": segm.EPSILON if segm.ENABLED else None,
        }

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        # Detectron2 loads what fits and leaves the rest at its random start: a model would be
        # evaluated with noise that was never trained.
        layers = {key[len(prefix) :].split(".")[0] for key in state_dict if key.startswith(prefix)}
        known = {*CHART_LAYERS, *CONFIDENCE_LAYERS}
        found = {name.removesuffix("_lowres") for name in layers - known}
        expected = {*self.noise_model.point_fields, *self.noise_model.shared_fields}
        if layers and found != expected:
            raise NoiseModelMismatch(
                f"the weights are those of a noise model with the fields {sorted(found)}, but "
                f"{type(self.noise_model).__name__} of the config has {sorted(expected)}; use the "
                "config that the weights were trained with, or change "
                "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE"
            )
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def forward(self, features: torch.Tensor) -> LowresCharts:
        """(R, input_channels, s, s) to raw maps (R, C, 2 s, 2 s)."""
        maps = self._deconvolve(features)
        pooled = features.mean(dim=(2, 3))
        epsilon = self.segm_confidence_epsilon or 0.0

        def segmentation(layer: str, confidence: str) -> SegmentationLogits:
            return SegmentationLogits(maps[layer], maps.get(confidence), epsilon)

        return LowresCharts(
            coarse_segm=segmentation("ann_index", "coarse_segm_confidence"),
            fine_segm=segmentation("index_uv", "fine_segm_confidence"),
            u=maps["u"],
            v=maps["v"],
            point_logits={name: maps[name] for name in self.noise_model.point_fields},
            shared_logits={
                name: getattr(self, name)(pooled) for name in self.noise_model.shared_fields
            },
        )

    def _deconvolve(self, features: torch.Tensor) -> dict[str, torch.Tensor]:
        """All transposed convolutions in one, for the features are read but once: maps by name."""
        names = ["ann_index", "index_uv", "u", "v", *self.noise_model.point_fields]
        if self.segm_confidence_epsilon is not None:
            names += [layer.removesuffix("_lowres") for layer in CONFIDENCE_LAYERS]
        layers = [getattr(self, f"{name}_lowres") for name in names]
        maps = F.conv_transpose2d(
            features,
            torch.cat([layer.weight for layer in layers], dim=1),
            torch.cat([layer.bias for layer in layers]),
            stride=layers[0].stride,
            padding=layers[0].padding,
        )
        channels = [layer.out_channels for layer in layers]
        return dict(zip(names, maps.split(channels, dim=1), strict=True))

    def chart_maps(self, charts: LowresCharts) -> ChartMaps:
        """The dense prediction that inference returns, float32."""

        def dense(maps: torch.Tensor) -> torch.Tensor:
            return upsample(maps, self.up_scale)

        logits = {name: dense(maps) for name, maps in charts.point_logits.items()}
        logits |= {name: values.float() for name, values in charts.shared_logits.items()}
        parameters = self.noise_model.parameters(logits)
        direction = parameters.get("direction")
        return ChartMaps(
            coarse_segm=charts.coarse_segm.upsampled(self.up_scale),
            fine_segm=charts.fine_segm.upsampled(self.up_scale),
            coarse_segm_confidence=charts.coarse_segm.upsampled_confidence(self.up_scale),
            fine_segm_confidence=charts.fine_segm.upsampled_confidence(self.up_scale),
            u=dense(charts.u),
            v=dense(charts.v),
            variance=parameters.get("variance"),
            direction=None if direction is None else direction.transpose(0, 1),
            shared_covariance=parameters.get("shared_covariance"),
        )


@DENSEPOSE_PREDICTOR_REGISTRY.register()
class DensePoseChartWithConfidencePredictor(DensePoseChartPredictor):
    """DensePose's name for a predictor with a noise model; ours always has one."""


def build_densepose_predictor(cfg, input_channels: int) -> nn.Module:
    """The predictor that `MODEL.ROI_DENSEPOSE_HEAD.PREDICTOR_NAME` names."""
    name = cfg.MODEL.ROI_DENSEPOSE_HEAD.PREDICTOR_NAME
    return DENSEPOSE_PREDICTOR_REGISTRY.get(name)(cfg, input_channels)
