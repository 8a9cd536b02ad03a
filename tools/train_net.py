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

from __future__ import annotations

import sys
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.launch_options import build_parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, in as many processes as it asks for."""
    args = build_parser(__doc__).parse_args(arguments)
    from uncertain_densepose.cli.training import train_or_evaluate
    from uncertain_densepose.engine.launching import launch_tool

    launch_tool(train_or_evaluate, args)


if __name__ == "__main__":
    sys.exit(main())
