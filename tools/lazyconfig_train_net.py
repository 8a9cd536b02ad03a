#!/usr/bin/env python
"""Train or evaluate a dense-pose model that a python config of Detectron2's LazyConfig describes.

Examples:
    tools/lazyconfig_train_net.py --config-file configs/lazy/synth_unc_full.py
    tools/lazyconfig_train_net.py --config-file configs/lazy/unc_full.py --num-gpus 8 \\
        dataloader.train.total_batch_size=16
    tools/lazyconfig_train_net.py --config-file configs/lazy/synth_unc_full.py --eval-only \\
        train.init_checkpoint=output/demo/model_final.pth

It takes the checkpoints of tools/train_net.py, and what it writes is described there.

KEY=VALUE pairs at the end replace what the config has, +KEY=VALUE adds to it; without a GPU the
model runs on the CPU, in --num-gpus processes.
"""

import torch
from detectron2.config import LazyConfig, instantiate
from detectron2.engine import default_argument_parser, default_setup
from omegaconf import DictConfig

from uncertain_densepose.engine import USER_ERRORS
from uncertain_densepose.engine.events import write_events
from uncertain_densepose.engine.launching import launch_tool
from uncertain_densepose.engine.lazy import check, evaluate, train
from uncertain_densepose.engine.lazy_overrides import apply_overrides
from uncertain_densepose.engine.trainer import load_weights


def setup(args) -> DictConfig:
    """The config of a command line, with Detectron2's logging and seeds set up."""
    cfg = apply_overrides(LazyConfig.load(args.config_file), args.opts)
    if cfg.train.device == "cuda" and not torch.cuda.is_available():
        cfg.train.device = "cpu"
    default_setup(cfg, args)
    return cfg


def main(args) -> dict:
    """Train, or with `--eval-only` evaluate, and return the results of the evaluation."""
    cfg = setup(args)
    if not args.eval_only:
        return train(cfg, args.resume)
    check(cfg)
    model = instantiate(cfg.model).to(cfg.train.device)
    iteration = load_weights(model, cfg.train.init_checkpoint, cfg.train.output_dir, args.resume)
    results = evaluate(cfg, model)
    write_events(cfg.train.output_dir, results, iteration)
    return results


if __name__ == "__main__":
    launch_tool(main, default_argument_parser(__doc__).parse_args(), USER_ERRORS)
