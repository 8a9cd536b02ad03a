"""ROI heads, predictors, noise models and losses, registered with Detectron2."""

from .chart_loss import DENSEPOSE_LOSS_REGISTRY
from .chart_predictor import DENSEPOSE_PREDICTOR_REGISTRY
from .deeplab_head import DensePoseDeepLabHead
from .densepose_head import ROI_DENSEPOSE_HEAD_REGISTRY
from .module_names import check_module_names
from .movenet import build_movenet_fpn_backbone
from .narrow_backbone import build_narrow_resnet18_fpn_backbone
from .noise_models import NOISE_MODEL_REGISTRY, NoiseModel, register_noise_model
from .roi_heads import DensePoseROIHeads
from .v1convx_head import DensePoseV1ConvXHead

__all__ = [
    "DENSEPOSE_LOSS_REGISTRY",
    "DENSEPOSE_PREDICTOR_REGISTRY",
    "NOISE_MODEL_REGISTRY",
    "ROI_DENSEPOSE_HEAD_REGISTRY",
    "DensePoseDeepLabHead",
    "DensePoseROIHeads",
    "DensePoseV1ConvXHead",
    "NoiseModel",
    "build_movenet_fpn_backbone",
    "build_narrow_resnet18_fpn_backbone",
    "check_module_names",
    "register_noise_model",
]
