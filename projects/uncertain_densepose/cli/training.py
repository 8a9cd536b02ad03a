"""What tools/train_net.py and tools/lazyconfig_train_net.py do in each of their processes."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from detectron2.config import LazyConfig, instantiate
from detectron2.engine import default_setup
from omegaconf import DictConfig

from ..config import ConfigError, load_config
from ..config_checks import check_lazy_values
from ..device import usable_device
from ..engine import Trainer
from ..engine.events import write_events
from ..engine.lazy import check_lazy_config, evaluate_lazy_config, train_lazy_config
from ..engine.lazy_overrides import apply_overrides
from ..engine.model_evaluation import check_evaluation
from ..engine.trainer import load_weights_to_evaluate
from ..modeling import check_module_names
from ..weights_address import check_weights_address
from .options import check_out_folder


def train_or_evaluate(args: argparse.Namespace) -> dict:
    """Train the model of a yaml config, or with `--eval-only` evaluate it.

    Args:
        args: of `launch_options`.

    Returns:
        {task: {metric: value}} of the final evaluation.
    """
    cfg = load_config(args.config_file, args.opts)
    cfg.MODEL.DEVICE = _available(cfg.MODEL.DEVICE)
    cfg.freeze()
    check_out_folder(Path(cfg.OUTPUT_DIR), "OUTPUT_DIR")
    check_module_names(cfg)
    if cfg.MODEL.WEIGHTS and not args.resume:
        check_weights_address(cfg.MODEL.WEIGHTS)
    if not (args.eval_only or cfg.DATASETS.TRAIN):
        raise ConfigError("DATASETS.TRAIN is empty; name what to train on, or give --eval-only")
    default_setup(cfg, args)
    if not args.eval_only:
        trainer = Trainer(cfg)
        trainer.resume_or_load(resume=args.resume)
        return trainer.train()
    # Mistakes in the settings are reported before the model is built.
    check_evaluation(cfg)
    model = Trainer.build_model(cfg)
    iteration = Trainer.load_weights(cfg, model, resume=args.resume)
    results = Trainer.evaluate(cfg, model)
    write_events(cfg.OUTPUT_DIR, results, iteration)
    return results


def train_or_evaluate_lazily(args: argparse.Namespace) -> dict:
    """`train_or_evaluate` for a python config of Detectron2's LazyConfig."""
    cfg = apply_overrides(_python_config(args.config_file), args.opts)
    check_lazy_values(cfg)
    cfg.train.device = _available(cfg.train.device)
    check_out_folder(Path(cfg.train.output_dir), "train.output_dir")
    default_setup(cfg, args)
    if not args.eval_only:
        return train_lazy_config(cfg, args.resume)
    check_lazy_config(cfg)
    model = instantiate(cfg.model).to(cfg.train.device)
    iteration = load_weights_to_evaluate(
        model, cfg.train.init_checkpoint, cfg.train.output_dir, args.resume
    )
    results = evaluate_lazy_config(cfg, model)
    write_events(cfg.train.output_dir, results, iteration)
    return results


def _python_config(file: str) -> DictConfig:
    """The settings of a python config, which is a program and is run.

    Raises:
        ConfigError: it is not a `.py` file of this machine, or not of python. Detectron2 would run
            what it fetches, and the tags of a yaml file.
    """
    if not file:
        raise ConfigError("no config file is given; name one of configs/lazy with --config-file")
    if not file.endswith(".py") or not os.path.isfile(file):
        raise ConfigError(
            f"{file}: no python config (.py) of this machine; configs/lazy/ has the project's, and "
            "yaml configs are for tools/train_net.py"
        )
    try:
        return LazyConfig.load(file)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: this is not a python program ({error})") from error


def _available(device: str) -> str:
    """A config's device, with the CPU in place of a GPU that is not there.

    Raises:
        ConfigError: see `usable_device`.
    """
    absent = device == "cuda" and not torch.cuda.is_available()
    return "cpu" if absent else usable_device(device)
