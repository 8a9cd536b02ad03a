#!/usr/bin/env python
"""Train or evaluate a dense-pose model from a python config (Detectron2's LazyConfig).

examples:
    tools/lazyconfig_train_net.py --config-file configs/lazy/synth_unc_full.py
    tools/lazyconfig_train_net.py --config-file configs/lazy/unc_full.py --num-gpus 8 \\
        dataloader.train.total_batch_size=16
    tools/lazyconfig_train_net.py --config-file configs/lazy/synth_unc_full.py --eval-only \\
        train.init_checkpoint=output/demo/model_final.pth

Checkpoints and output files are those of tools/train_net.py; see its --help.

KEY=VALUE at the end overrides a value of the config, +KEY=VALUE adds one. Without a GPU the model
runs on the CPU, in --num-gpus processes.
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
    from uncertain_densepose.cli.training import train_or_evaluate_lazily
    from uncertain_densepose.engine.launching import launch_tool

    launch_tool(train_or_evaluate_lazily, args)


if __name__ == "__main__":
    sys.exit(main())
