"""The command line of `python -m lab.benchmark`."""

from __future__ import annotations

import argparse
from pathlib import Path

from uncertain_densepose.cli.options import add_threads, make_parser, number

WINDOWS = ((400, 250), (250, 400))
"""Heights and widths of the detections, pixels."""

_EPILOGUE = """\
  losses  value and gradient of log_prob: independent points (indep_aniso), the joint model (full),
          and the same density by torch.distributions, dense and low-rank; then the coordinate loss
          as the training has it, from raw maps to their gradients
  head    value and gradient of predictor and losses at DensePose's size, reading raw maps at the
          annotated points (point) against upsampling every field first (dense)
  postprocessing
          part, mask, uv, covariance and sigma at the pixels of one detection: reading the winning
          chart against resampling all channels of every field first

Contestants take turns within one run. Times are the shortest of the repeats; a median far above
means that the machine was busy. Memory is what torch's allocator hands out, above what was in use
before the step.

examples:
  python -m lab.benchmark losses --threads 1 --out output/benchmark_losses.json
  python -m lab.benchmark head --repeats 5
  python -m lab.benchmark postprocessing --threads 1
"""


def build_parser(description: str | None = None) -> argparse.ArgumentParser:
    """The command line, with a subcommand for each benchmark."""
    parser = make_parser(description, _EPILOGUE)
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="{losses,head,postprocessing}"
    )
    losses = commands.add_parser("losses", help="densities and the coordinate loss")
    head = commands.add_parser("head", help="predictor and losses, memory and time")
    postprocessing = commands.add_parser("postprocessing", help="from maps to pixels, time")
    losses.add_argument(
        "--points",
        type=number(int, 1),
        nargs="+",
        default=[1_000, 10_000, 100_000],
        metavar="N",
        help="numbers of points, at least 100 each (default: %(default)s)",
    )
    head.add_argument(
        "--points",
        type=number(int, 1),
        default=100,
        metavar="N",
        help="annotated points a box (default: %(default)s)",
    )
    head.add_argument(
        "--boxes", type=number(int, 1), default=32, metavar="R", help="boxes (default: %(default)s)"
    )
    postprocessing.add_argument(
        "--window",
        type=number(int, 1),
        nargs=2,
        action="append",
        metavar=("HEIGHT", "WIDTH"),
        help="pixels of the detection; may be given several times (default: "
        + " and ".join("{} {}".format(*size) for size in WINDOWS)
        + ")",
    )
    for command, repeats in ((losses, 20), (head, 5), (postprocessing, 20)):
        add = command.add_argument
        add(
            "--repeats",
            type=number(int, 1),
            default=repeats,
            metavar="N",
            help="rounds in which every contestant is timed (default: %(default)s)",
        )
        add_threads(add)
        add("--device", default="cpu", help="cpu, cuda, cuda:1, ... (default: %(default)s)")
        add("--out", type=Path, metavar="FILE", help="also write the numbers to this json file")
    return parser
