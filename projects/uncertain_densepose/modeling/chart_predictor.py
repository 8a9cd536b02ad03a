"""Predictors: features of a box to charts, and to the fields of a noise model."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from detectron2.config import configurable
from detectron2.layers import ConvTranspose2d
from detectron2.utils.registry import Registry
from torch import nn

from ..config import ConfigError
from ..errors import UserError
from ..structures import ChartMaps
from .noise_models import NoiseModel, build_noise_model
from .noise_models.base import softplus_inverse
from .raw_charts import COARSE_CONFIDENCE, COARSE_SEGM, FINE_CONFIDENCE, FINE_SEGM, RawCharts
from .segmentation_logits import upsample
from .shared_fields import POINTS_SOURCE, POOLED_SOURCES, SHARED_SOURCES, chart_mean

DENSEPOSE_PREDICTOR_REGISTRY = Registry("DENSEPOSE_PREDICTOR")
DENSEPOSE_PREDICTOR_REGISTRY.__doc__ = """
Predictors of `MODEL.ROI_DENSEPOSE_HEAD.PREDICTOR_NAME`.

The registered object is called with `obj(cfg, input_channels)`. It returns a `nn.Module` that
maps (R, input_channels, s, s) to a :class:`RawCharts`, and whose `chart_maps` turns that into a
:class:`ChartMaps`.
"""


CHART_FIELDS = (COARSE_SEGM, FINE_SEGM, "u", "v")
CONFIDENCE_FIELDS = (FINE_CONFIDENCE, COARSE_CONFIDENCE)


class NoiseModelMismatch(UserError, ValueError):
    """Weights of one noise model are being loaded into another."""


@DENSEPOSE_PREDICTOR_REGISTRY.register()
class DensePoseChartPredictor(nn.Module):
    """A transposed convolution for every field; shared ones from `SHARED_FROM`.

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
        shared_from: str = "box",
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
            shared_from: where its shared fields come from, one of `SHARED_SOURCES`.
            segm_confidence_epsilon: lower bound of a predicted confidence of both
                segmentations, or None to predict none.

        Raises:
            ConfigError: `shared_from` is unknown.
        """
        if shared_from not in SHARED_SOURCES:
            raise ConfigError(
                f"MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.SHARED_FROM is {shared_from!r}, not one "
                f"of {SHARED_SOURCES}"
            )
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
            for name in CONFIDENCE_FIELDS:
                # A confidence of one to begin with.
                self.add_module(f"{name}_lowres", deconvolution(1, softplus_inverse(1.0), 0.001))
        mapped = dict(noise_model.point_fields)
        if shared_from == POINTS_SOURCE:
            mapped |= noise_model.shared_fields
        self._mapped_fields = list(mapped)
        self._pooled_fields = [name for name in noise_model.shared_fields if name not in mapped]
        for name, bias in mapped.items():
            self.add_module(f"{name}_lowres", deconvolution(charts, bias, 0.001))
        for name in self._pooled_fields:
            bias = noise_model.shared_fields[name]
            self.add_module(name, POOLED_SOURCES[shared_from](input_channels, charts, bias))

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
            "shared_from": head.UV_CONFIDENCE.SHARED_FROM,
            "segm_confidence_epsilon": segm.EPSILON if segm.ENABLED else None,
        }

    @property
    def noise_layers(self) -> dict[str, str]:
        """The names of the noise model's layers, by their fields."""
        mapped = {field: f"{field}_lowres" for field in self._mapped_fields}
        return mapped | {field: field for field in self._pooled_fields}

    @property
    def noise_weights(self) -> set[str]:
        """The names of the weights of these layers."""
        return {
            f"{layer}.{name}"
            for layer in self.noise_layers.values()
            for name, _ in getattr(self, layer).named_parameters()
        }

    @staticmethod
    def noise_weights_in(state_dict: Iterable[str], prefix: str) -> set[str] | None:
        """Those among weights of any noise model.

        Args:
            state_dict: names of the weights. prefix: of a predictor's.

        Returns:
            Names without the prefix; None if there is no predictor.
        """
        charts = {f"{name}_lowres" for name in (*CHART_FIELDS, *CONFIDENCE_FIELDS)}
        names = {key[len(prefix) :] for key in state_dict if key.startswith(prefix)}
        return {name for name in names if name.split(".")[0] not in charts} if names else None

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        # Detectron2 loads what fits and leaves the rest at its random start: a model would be
        # evaluated with noise that was never trained. A layer of SHARED_FROM "part" has the name of
        # that of "box" and a bias alone.
        found, expected = self.noise_weights_in(state_dict, prefix), self.noise_weights
        if found is not None and found != expected:
            raise NoiseModelMismatch(
                f"the weights are those of a noise model that has {sorted(found)}, where those of "
                f"another shape do not count, but {type(self.noise_model).__name__} of the config "
                f"has {sorted(expected)}; use the config that the weights were trained with, or "
                "change TYPE and SHARED_FROM of MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE; only "
                "training can start from the weights of another noise model, and only of a simpler "
                "one"
            )
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def forward(self, features: torch.Tensor) -> RawCharts:
        """(R, input_channels, s, s) to raw charts, which are evaluated where they are wanted."""
        # A mean's gradient would be as large as the features; that of a sum is a view.
        wide = torch.promote_types(features.dtype, torch.float32)
        pooled = features.sum(dim=(2, 3), dtype=wide) / features.shape[2:].numel()
        names = [*CHART_FIELDS, *self._mapped_fields]
        if self.segm_confidence_epsilon is not None:
            names += CONFIDENCE_FIELDS
        return RawCharts(
            features=features,
            layers={name: getattr(self, f"{name}_lowres") for name in names},
            shared_logits={name: getattr(self, name)(pooled) for name in self._pooled_fields},
            up_scale=self.up_scale,
            segm_confidence_epsilon=self.segm_confidence_epsilon or 0.0,
        )

    def chart_maps(self, charts: RawCharts) -> ChartMaps:
        """The dense prediction that inference returns: maps (R, ..., S, S) of the R boxes, float32,
        with S = 2s * `up_scale`."""

        def dense(field: torch.Tensor) -> torch.Tensor:
            return upsample(field, self.up_scale)

        maps = charts.maps()
        raw_coarse, raw_fine = charts.segmentations(maps)
        coarse, fine = raw_coarse.upsampled(self.up_scale), raw_fine.upsampled(self.up_scale)
        logits = {name: dense(maps[name]) for name in self.noise_model.point_fields}
        for name in self.noise_model.shared_fields:
            if name in maps:
                logits[name] = chart_mean(maps[name], raw_fine.scaled(), raw_coarse.scaled())
            else:
                logits[name] = charts.shared_logits[name].float()
        parameters = self.noise_model.parameters(logits)
        direction = parameters.get("direction")
        return ChartMaps(
            coarse_segm=coarse.scaled(),
            fine_segm=fine.scaled(),
            coarse_segm_confidence=coarse.positive_confidence(),
            fine_segm_confidence=fine.positive_confidence(),
            u=dense(maps["u"]),
            v=dense(maps["v"]),
            variance=parameters.get("variance"),
            direction=None if direction is None else direction.transpose(0, 1),
            shared_covariance=parameters.get("shared_covariance"),
        )


@DENSEPOSE_PREDICTOR_REGISTRY.register()
class DensePoseChartWithConfidencePredictor(DensePoseChartPredictor):
    """DensePose's name for a predictor with a noise model; ours always has one."""


def build_densepose_predictor(cfg, input_channels: int) -> DensePoseChartPredictor:
    """The predictor that `MODEL.ROI_DENSEPOSE_HEAD.PREDICTOR_NAME` names.

    Raises:
        ConfigError: the name is not registered; the message lists those that are.
    """
    name = cfg.MODEL.ROI_DENSEPOSE_HEAD.PREDICTOR_NAME
    if name not in DENSEPOSE_PREDICTOR_REGISTRY:
        known = ", ".join(sorted(known for known, _ in DENSEPOSE_PREDICTOR_REGISTRY))
        raise ConfigError(
            f"MODEL.ROI_DENSEPOSE_HEAD.PREDICTOR_NAME is {name!r}, which is not a predictor; "
            f"known: {known}; continuous surface embeddings (CSE) are not supported"
        )
    return DENSEPOSE_PREDICTOR_REGISTRY.get(name)(cfg, input_channels)
