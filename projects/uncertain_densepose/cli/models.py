"""The model of a command line's --config-file, --weights and --device."""

from __future__ import annotations

from collections.abc import Sequence

from detectron2.config import CfgNode
from detectron2.modeling import GeneralizedRCNN

from ..config import load_config
from ..device import usable_device
from ..engine import Trainer


def running_config(
    config_file: str, weights: str, device: str | None, overrides: Sequence[str]
) -> CfgNode:
    """The config with which a model runs here.

    Raises:
        FileNotFoundError, ConfigError: see `load_config` and `usable_device`.
    """
    cfg = load_config(config_file, overrides)
    cfg.MODEL.WEIGHTS = weights
    cfg.MODEL.DEVICE = usable_device(device)
    return cfg


def load_model(cfg: CfgNode) -> GeneralizedRCNN:
    """The model of a config with its weights.

    Raises:
        WeightsError: see `Trainer.load_weights`.
    """
    model = Trainer.build_model(cfg)
    Trainer.load_weights(cfg, model)
    return model
