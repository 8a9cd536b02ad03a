"""The dense-pose branch as the benchmarks build it: DensePose's sizes, no config."""

from __future__ import annotations

import torch

from uncertain_densepose.modeling.chart_loss import DensePoseChartLoss
from uncertain_densepose.modeling.chart_predictor import DensePoseChartPredictor
from uncertain_densepose.modeling.noise_models import NOISE_MODEL_REGISTRY, NoiseModel
from uncertain_densepose.structures.point_convention import POINT_CONVENTIONS

from .batches import NUM_CHARTS

CONVENTION = POINT_CONVENTIONS["densepose"]
NUM_COARSE_CHANNELS = 2
UP_SCALE = 2
REFERENCE_VARIANCE = 0.01


def make_noise_model(name: str) -> NoiseModel:
    """A registered noise model with the variance bound and start of 0.01 chart units²."""
    return NOISE_MODEL_REGISTRY.get(name)(
        epsilon=REFERENCE_VARIANCE, reference_variance=REFERENCE_VARIANCE
    )


def make_predictor(
    noise_model: NoiseModel, channels: int, seed: int = 0
) -> DensePoseChartPredictor:
    """A predictor of DensePose's charts as it starts out, float32."""
    torch.manual_seed(seed)
    return DensePoseChartPredictor(
        input_channels=channels,
        num_charts=NUM_CHARTS,
        num_coarse_channels=NUM_COARSE_CHANNELS,
        kernel_size=4,
        up_scale=UP_SCALE,
        noise_model=noise_model,
    )


def make_loss(noise_model: NoiseModel, side: int) -> DensePoseChartLoss:
    """The training loss for upsampled maps of `side` cells, with weights of 1 and sums."""
    return DensePoseChartLoss(
        noise_model=noise_model,
        convention=CONVENTION,
        heatmap_size=side,
        up_scale=UP_SCALE,
        num_coarse_channels=NUM_COARSE_CHANNELS,
        coarse_by_masks=False,
        weight_coarse=1.0,
        weight_fine=1.0,
        weight_uv=1.0,
        reduction="sum",
        anchor_weight=0.0,
        warm_start_iters=0,
    )
