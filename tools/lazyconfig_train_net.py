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

from __future__ import annotations

import sys
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.launch_options import build_parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, in as many processes as it asks for."""
    args = build_parser(__doc__).parse_args(arguments)
    from uncertain_densepose.cli.lazy_training import train_or_evaluate
    from uncertain_densepose.engine.launching import launch_tool

    launch_tool(train_or_evaluate, args)


if __name__ == "__main__":
    sys.exit(main())
