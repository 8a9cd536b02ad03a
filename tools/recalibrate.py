#!/usr/bin/env python
"""Recalibrate a model: rescale its predicted covariances to fit annotations.

Give it a trained model and an annotated data set that the model was not trained on.
"""

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
Writes a JSON file with the factor that all predicted covariances are to be multiplied by, and with
--per-part also one for each body part that has enough annotated points. A factor above 1 means that
the model was overconfident. Evaluation applies the file on request:
  tools/train_net.py --config-file ... --eval-only MODEL.WEIGHTS model_final.pth \\
      DENSEPOSE_EVALUATION.RECALIBRATION model_final.recalibration.json

Report final results on a third set of images, used neither for training nor for this fit.

example:
  python tools/recalibrate.py --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --dataset synth_people_tiny_val
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add_model(add)
    add_dataset(add, "annotated data set that was not trained on")
    add("--per-part", action="store_true", help="also fit a factor per body part")
    add(
        "--out",
        type=Path,
        metavar="FILE",
        help="JSON file to write (default: NAME.recalibration.json beside --weights)",
    )
    add_device(add)
    add_overrides(add)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.recalibrate import describe_recalibration, run

    recalibration, path = run(args)
    print(f"{describe_recalibration(recalibration)}\nwritten to {path}")


if __name__ == "__main__":
    sys.exit(main())
