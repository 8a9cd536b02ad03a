#!/usr/bin/env python
"""Fuse several models and compare them with each one alone, in the annotated boxes of a set."""

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

FUSION_RULES = ("average", "inverse_covariance", "joint")

EPILOGUE = """\
All models see the same annotated boxes. Rules of fusion, all of them by default:
  average             mean and spread of the models, each as likely as the other
  inverse_covariance  product of the models' densities, point by point
  joint               product of their densities of whole parts, with the shared errors of noise
                      model full
Where the models see different parts, the likeliest part by their mean probability is taken, and
each counts by the probability that it gives to it.

Columns: share of annotated points within 1 .. 20 cm and areas under its curve up to 10 and 30 cm,
in percent, and the mean log-density of the annotations in nats per point.

example:
  python tools/ensemble.py --config-file configs/synth/unc_full.yaml --json output/ensemble.json \\
      --weights output/seed0/model_final.pth output/seed1/model_final.pth
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add_model(add, "their checkpoints", several=True)
    add("--rule", nargs="+", choices=FUSION_RULES, help="rules of fusion (default: all)")
    add(
        "--correlation",
        type=float,
        default=0.0,
        metavar="RHO",
        help="of the models' errors, 0 <= RHO < 1: the products become less sure by 1 + (n - 1) RHO"
        " for n models (default: %(default)s)",
    )
    add_dataset(add)
    add("--json", type=Path, metavar="FILE", help="write all metrics of each row to a file")
    add_device(add)
    add_overrides(add)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.ensemble import run, table

    print(table(run(args)))


if __name__ == "__main__":
    sys.exit(main())
