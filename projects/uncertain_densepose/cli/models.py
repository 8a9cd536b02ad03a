"""The model that a command line names."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple

from detectron2.config import CfgNode
from detectron2.modeling import GeneralizedRCNN

from .. import model_zoo
from ..config import load_config
from ..device import usable_device
from ..engine import Trainer
from ..modeling import check_module_names
from ..weights_address import check_weights_address
from .options import check_model


class ChosenModel(NamedTuple):
    """Paths of a model's config and of its checkpoint."""

    config_file: str
    weights: str


def chosen_model(args: argparse.Namespace) -> ChosenModel:
    """The model that the options of `options.add_model` name.

    Raises:
        UsageError: see `check_model`.
        ConfigError, WeightsError: the zoo has no such model, or has no checkpoint of it.
    """
    check_model(args)
    if args.model is None:
        return ChosenModel(args.config_file, args.weights)
    name = args.model
    return ChosenModel(model_zoo.get_config_file(name), model_zoo.get_checkpoint(name))


def running_config(
    config_file: str, weights: str, device: str | None, overrides: Sequence[str]
) -> CfgNode:
    """A model's config, set to its weights and to the device that it runs on here.

    Raises:
        FileNotFoundError, ConfigError: see `load_config` and `usable_device`.
    """
    cfg = load_config(config_file, overrides)
    cfg.MODEL.WEIGHTS = weights
    cfg.MODEL.DEVICE = usable_device(device)
    return cfg


def load_model(cfg: CfgNode) -> GeneralizedRCNN:
    """The model of a config, with its weights loaded.

    Raises:
        ConfigError: a module's name is not registered.
        WeightsError: see `Trainer.load_weights`.
    """
    check_module_names(cfg)
    # Before a model is built, and data are read.
    check_weights_address(cfg.MODEL.WEIGHTS)
    model = Trainer.build_model(cfg)
    Trainer.load_weights(cfg, model)
    return model
