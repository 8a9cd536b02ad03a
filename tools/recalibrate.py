#!/usr/bin/env python
"""Fit the size of a model's uncertainty to held-out annotations."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import (
    add_dataset,
    add_device,
    add_model,
    add_overrides,
    make_parser,
)

EPILOGUE = """\
The file holds one factor by which all predicted covariances are multiplied, with --per-part also
one for each part that has enough annotated points. Evaluation applies it on request:
  tools/train_net.py --config-file ... --eval-only MODEL.WEIGHTS model_final.pth \\
      DENSEPOSE_EVALUATION.RECALIBRATION model_final.recalibration.json

Fit it on images that were not trained on, and report results on others again.

example:
  python tools/recalibrate.py --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --dataset synth_people_tiny_val
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add_model(add, "its checkpoint, for example output/demo/model_final.pth")
    add_dataset(add, "held-out data set")
    add("--per-part", action="store_true", help="fit a factor for each part as well")
    add(
        "--out",
        type=Path,
        metavar="FILE",
        help="json to write (default: beside the weights, NAME.recalibration.json)",
    )
    add_device(add)
    add_overrides(add)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.recalibrate import run, summary

    recalibration, path = run(args)
    print(f"{summary(recalibration)}\nwritten to {path}")


if __name__ == "__main__":
    sys.exit(main())
