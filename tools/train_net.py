#!/usr/bin/env python
"""Train or evaluate a dense-pose model with Detectron2.

examples:
    tools/train_net.py --config-file configs/synth/unc_full.yaml
    tools/train_net.py --config-file configs/unc_full.yaml --num-gpus 8 SOLVER.IMS_PER_BATCH 16
    tools/train_net.py --config-file configs/unc_full.yaml --num-gpus 8 --num-machines 2 \\
        --machine-rank 0 --dist-url tcp://HOST_OF_RANK_0:PORT     (and --machine-rank 1 there)
    tools/train_net.py --config-file configs/synth/unc_full.yaml --eval-only \\
        MODEL.WEIGHTS output/demo/model_final.pth

Logs and checkpoints go to OUTPUT_DIR. Evaluation, which also ends training, writes there
metrics_<data set>.json and the folder figures_<data set>/ with
  correspondence_accuracy.png  share of points within a distance
  part_errors_<boxes>.png      mean error of each part on the body
  reliability.png              observed against nominal coverage, quantiles against those of χ²
  sparsification.png           error of the points left after removing the least certain, and AUSE
The last two need a model with a variance, predicted or global.

KEY VALUE pairs at the end override the config. Without a GPU the model runs on the CPU, in
--num-gpus processes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.launch_options import build_parser, check_launch


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, in as many processes as it asks for."""
    args = build_parser(__doc__).parse_args(arguments)
    check_launch(args)
    from uncertain_densepose.cli.training import train_or_evaluate
    from uncertain_densepose.engine.launching import launch_tool

    launch_tool(train_or_evaluate, args)


if __name__ == "__main__":
    sys.exit(main())
