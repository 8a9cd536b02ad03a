"""Optimisers beside Detectron2's SGD."""

from __future__ import annotations

from typing import Any

import torch
from detectron2.config import CfgNode, get_cfg
from detectron2.solver.build import get_default_optimizer_params, maybe_add_gradient_clipping
from torch import nn

from ..config import ConfigError

PRETRAINED = "backbone.bottom_up."
"""Names of parameters whose learning rate `SOLVER.BACKBONE_MULTIPLIER` changes begin like this."""


def parameter_groups(cfg: CfgNode, model: nn.Module) -> list[dict[str, Any]]:
    """Detectron2's parameter groups, with a learning rate of its own for the pretrained network."""
    multiplier = cfg.SOLVER.BACKBONE_MULTIPLIER
    return get_default_optimizer_params(
        model,
        base_lr=cfg.SOLVER.BASE_LR,
        weight_decay_norm=cfg.SOLVER.WEIGHT_DECAY_NORM,
        bias_lr_factor=cfg.SOLVER.BIAS_LR_FACTOR,
        weight_decay_bias=cfg.SOLVER.WEIGHT_DECAY_BIAS,
        lr_factor_func=lambda name: multiplier if name.startswith(PRETRAINED) else 1.0,
    )


def build_sgd(cfg: CfgNode, model: nn.Module) -> torch.optim.Optimizer:
    """Detectron2's SGD."""
    optimizer = maybe_add_gradient_clipping(cfg, torch.optim.SGD)
    return optimizer(
        parameter_groups(cfg, model),
        lr=cfg.SOLVER.BASE_LR,
        momentum=cfg.SOLVER.MOMENTUM,
        nesterov=cfg.SOLVER.NESTEROV,
        weight_decay=cfg.SOLVER.WEIGHT_DECAY,
        foreach=True,
    )


def build_adamw(cfg: CfgNode, model: nn.Module) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019) with Detectron2's parameter groups and clipping."""
    optimizer = maybe_add_gradient_clipping(cfg, torch.optim.AdamW)
    return optimizer(
        parameter_groups(cfg, model),
        lr=cfg.SOLVER.BASE_LR,
        weight_decay=cfg.SOLVER.WEIGHT_DECAY,
        fused=True,
    )


OPTIMIZERS = {"SGD": build_sgd, "ADAMW": build_adamw}
"""The values of `SOLVER.OPTIMIZER`, each called with (cfg, model)."""


def build_optimizer(cfg: CfgNode, model: nn.Module) -> torch.optim.Optimizer:
    """The optimiser that `SOLVER.OPTIMIZER` names.

    Raises:
        ConfigError: for an unknown name.
    """
    if cfg.SOLVER.OPTIMIZER not in OPTIMIZERS:
        raise ConfigError(
            f"SOLVER.OPTIMIZER is {cfg.SOLVER.OPTIMIZER!r}, not one of {tuple(OPTIMIZERS)}"
        )
    return OPTIMIZERS[cfg.SOLVER.OPTIMIZER](cfg, model)


def clipped_optimizer(
    params, *, kind: type[torch.optim.Optimizer], max_norm: float, **options
) -> torch.optim.Optimizer:
    """An optimiser that clips the gradient of each parameter, as `SOLVER.CLIP_GRADIENTS` does with
    the type "norm", for python configs.

    Args:
        params: parameter groups.
        kind: the class of the optimiser. options: its arguments.
        max_norm: of the gradient of a parameter.
    """
    cfg = get_cfg()
    cfg.SOLVER.CLIP_GRADIENTS.ENABLED = True
    cfg.SOLVER.CLIP_GRADIENTS.CLIP_TYPE = "norm"
    cfg.SOLVER.CLIP_GRADIENTS.CLIP_VALUE = max_norm
    return maybe_add_gradient_clipping(cfg, kind)(params, **options)
