#!/usr/bin/env python
"""Train or evaluate a dense-pose model with Detectron2.

Examples:
    tools/train_net.py --config-file configs/synth/unc_full.yaml
    tools/train_net.py --config-file configs/unc_full.yaml --num-gpus 8 SOLVER.IMS_PER_BATCH 16
    tools/train_net.py --config-file configs/unc_full.yaml --num-gpus 8 --num-machines 2 \\
        --machine-rank 0 --dist-url tcp://HOST_OF_RANK_0:PORT     (and --machine-rank 1 there)
    tools/train_net.py --config-file configs/synth/unc_full.yaml --eval-only \\
        MODEL.WEIGHTS output/demo/model_final.pth

Evaluation writes metrics_<data set>.json and, into figures_<data set>/ beside it,
  correspondence_accuracy.png  share of points within a distance
  part_errors_<boxes>.png      mean error of each part on the body
  reliability.png              observed against nominal coverage, quantiles against those of χ²
  sparsification.png           error without the points of the largest predicted error, and AUSE
the last two of a model that predicts a variance, or has a global one.

KEY VALUE pairs at the end override the config; without a GPU the model runs on the CPU, in
--num-gpus processes.
"""

import torch
from detectron2.config import CfgNode
from detectron2.engine import default_argument_parser, default_setup

from uncertain_densepose.config import load_config
from uncertain_densepose.engine import USER_ERRORS, Trainer
from uncertain_densepose.engine.events import write_events
from uncertain_densepose.engine.launching import launch_tool
from uncertain_densepose.engine.model_evaluation import check_evaluation


def setup(args) -> CfgNode:
    """The frozen config of a command line, with Detectron2's logging and seeds set up."""
    cfg = load_config(args.config_file, args.opts)
    if cfg.MODEL.DEVICE == "cuda" and not torch.cuda.is_available():
        cfg.MODEL.DEVICE = "cpu"
    cfg.freeze()
    default_setup(cfg, args)
    return cfg


def main(args) -> dict:
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


if __name__ == "__main__":
    launch_tool(main, default_argument_parser(__doc__).parse_args(), USER_ERRORS)
