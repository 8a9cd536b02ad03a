"""What tools/lazyconfig_train_net.py does in each of its processes."""

from __future__ import annotations

import argparse

import torch
from detectron2.config import LazyConfig, instantiate
from detectron2.engine import default_setup
from omegaconf import DictConfig

from ..engine.events import write_events
from ..engine.lazy import check_lazy_config, evaluate_lazy_config, train_lazy_config
from ..engine.lazy_overrides import apply_overrides
from ..engine.trainer import load_weights_to_evaluate


def setup(args: argparse.Namespace) -> DictConfig:
    """The config of a command line, with Detectron2's logging and seeds set up."""
    cfg = apply_overrides(LazyConfig.load(args.config_file), args.opts)
    if cfg.train.device == "cuda" and not torch.cuda.is_available():
        cfg.train.device = "cpu"
    default_setup(cfg, args)
    return cfg


def train_or_evaluate(args: argparse.Namespace) -> dict:
    """Train, or with `--eval-only` evaluate, and return the results of the evaluation."""
    cfg = setup(args)
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
