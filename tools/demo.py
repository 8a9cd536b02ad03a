#!/usr/bin/env python
"""The whole project in one command, on people that it renders itself.

Builds the body surface, renders the `demo` set, trains configs/synth/unc_full.yaml on it, evaluates
it on held-out people and draws what it is sure and unsure about. Every step is kept: a run that
was interrupted goes on where it stopped, and one that is complete only prints its results.

Writes into --out:
  metrics.json     all results
  report.png       held-out people: image, parts, U, V, sigma in centimetres, errors
  model_final.pth  the weights
  training/        Detectron2's logs and checkpoints
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import add_workers, make_parser


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("--out", type=Path, default=Path("output/demo"), help="default: %(default)s")
    add_workers(add, None)
    add("opts", nargs="*", metavar="KEY VALUE", help="replace values of the config")
    return parser


@partial(run_tool, error_status=1)
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.demo import run

    run(args, tools=Path(__file__).resolve().parent)


if __name__ == "__main__":
    sys.exit(main())
