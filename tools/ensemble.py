#!/usr/bin/env python
"""Fuse the predictions of several models and compare the fusion with each model alone.

The models share one config and predict in the annotated boxes of a data set. Prints a table with a
row for each model and each fusion rule.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.choices import FUSION_RULE_NAMES
from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import (
    add_dataset,
    add_device,
    add_overrides,
    make_parser,
)

EPILOGUE = """\
Fusion rules:
  average             mean and covariance of the equally weighted mixture of the models
  inverse_covariance  product of the models' densities, point by point
  joint               product of their densities of whole parts, with the shared errors of the
                      noise model full
Where the models disagree about the body part, the part of the highest mean probability is taken,
and each model is weighted by the probability that it gives to that part.

Columns: the percentage of annotated points within 1, 2, 3, 5, 10 and 20 cm, the area under that
curve up to 10 and 30 cm (percent), and the mean log-density of the annotations (nats per point).

example:
  python tools/ensemble.py --config-file configs/synth/unc_full.yaml --json output/ensemble.json \\
      --weights output/seed0/model_final.pth output/seed1/model_final.pth
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    text = "yaml that the models were trained with"
    add("--config-file", required=True, metavar="FILE", help=text)
    add("--weights", required=True, nargs="+", metavar="FILE", help="two or more checkpoints")
    add("--rule", nargs="+", choices=FUSION_RULE_NAMES, help="fusion rules (default: all)")
    add(
        "--correlation",
        type=float,
        default=0.0,
        metavar="RHO",
        help="assumed correlation of the models' errors, 0 <= RHO < 1: multiplies the covariance "
        "of a product of n models by 1 + (n - 1) RHO (default: %(default)s)",
    )
    add_dataset(add)
    add("--json", type=Path, metavar="FILE", help="also write all metrics of each row")
    add_device(add)
    add_overrides(add)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.ensemble import comparison_table, run

    print(comparison_table(run(args)))


if __name__ == "__main__":
    sys.exit(main())
