#!/usr/bin/env python
"""Run the whole project in one command, on people that it renders itself.

Builds the body surface, renders the `demo` data set, trains configs/synth/unc_full.yaml on it,
evaluates the model on held-out people and draws its predictions. Finished steps are kept: an
interrupted run resumes where it stopped, and a finished one only prints its results.

Writes into --out:
  metrics.json     all metrics
  report.png       held-out people: image, parts, U, V, sigma in centimetres, errors
  model_final.pth  the weights
  training/        Detectron2's logs and checkpoints

examples:
  python tools/demo.py
  python tools/demo.py --out output/short SOLVER.MAX_ITER 200
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import add_workers, check_out_folder, make_parser


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    text = "output folder (default: %(default)s)"
    add("--out", type=Path, default=Path("output/demo"), metavar="DIR", help=text)
    add_workers(add, None)
    add("opts", nargs="*", metavar="KEY VALUE", help="override values of the config")
    return parser


@partial(run_tool, error_status=1)
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    check_out_folder(args.out)
    from uncertain_densepose.cli.demo import run

    run(args, tools=Path(__file__).resolve().parent)


if __name__ == "__main__":
    sys.exit(main())
