"""What tools/train_net.py does in each of its processes."""

from __future__ import annotations

import argparse

import torch
from detectron2.config import CfgNode
from detectron2.engine import default_setup

from ..config import load_config
from ..engine import Trainer
from ..engine.events import write_events
from ..engine.model_evaluation import check_evaluation


def setup(args: argparse.Namespace) -> CfgNode:
    """The frozen config of a command line, with Detectron2's logging and seeds set up."""
    cfg = load_config(args.config_file, args.opts)
    if cfg.MODEL.DEVICE == "cuda" and not torch.cuda.is_available():
        cfg.MODEL.DEVICE = "cpu"
    cfg.freeze()
    default_setup(cfg, args)
    return cfg


def train_or_evaluate(args: argparse.Namespace) -> dict:
    """Train, or with `--eval-only` evaluate, and return the results of the evaluation."""
    cfg = setup(args)
    if args.eval_only:
        # What is wrong with them is known before the model is there.
        check_evaluation(cfg)
        model = Trainer.build_model(cfg)
        iteration = Trainer.load_weights(cfg, model, resume=args.resume)
        results = Trainer.evaluate(cfg, model)
        write_events(cfg.OUTPUT_DIR, results, iteration)
        return results
    trainer = Trainer(cfg)
    trainer.resume_or_load(resume=args.resume)
    return trainer.train()
