#!/usr/bin/env python
"""Measure what the joint likelihood and the reading of maps cost, against the alternatives."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from tabulate import tabulate

from .benchmarks.head import head_rows
from .benchmarks.losses import loss_tables
from .benchmarks.postprocessing import WINDOWS, postprocessing_rows

EPILOGUE = """\
  losses  value and gradient of log_prob: independent points (indep_aniso), the joint model (full),
          and the same density by torch.distributions, dense and low-rank; then the coordinate loss
          as the training has it, from raw maps to their gradients
  head    value and gradient of predictor and losses at DensePose's size, reading raw maps at the
          annotated points (point) against upsampling every field first (dense)
  postprocessing
          part, mask, uv, covariance and sigma at the pixels of one detection: reading the winning
          chart against resampling all channels of every field first

Contestants take turns within one run. Times are the shortest of the repeats; a median far above
means that the machine was busy. Memory is counted from torch's allocator, beyond what was in use
before the step.

examples:
  python -m lab.benchmark losses --threads 1 --out output/benchmark_losses.json
  python -m lab.benchmark head --repeats 5
  python -m lab.benchmark postprocessing --threads 1
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="{losses,head,postprocessing}"
    )
    losses = commands.add_parser("losses", help="densities and the coordinate loss")
    head = commands.add_parser("head", help="predictor and losses, memory and time")
    postprocessing = commands.add_parser("postprocessing", help="from maps to pixels, time")
    losses.add_argument(
        "--points",
        type=_positive,
        nargs="+",
        default=[1_000, 10_000, 100_000],
        metavar="N",
        help="numbers of points, at least 100 each (default: %(default)s)",
    )
    head.add_argument(
        "--points",
        type=_positive,
        default=100,
        metavar="N",
        help="annotated points a box (default: %(default)s)",
    )
    head.add_argument(
        "--boxes", type=_positive, default=32, metavar="R", help="boxes (default: %(default)s)"
    )
    postprocessing.add_argument(
        "--window",
        type=_positive,
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
            type=_positive,
            default=repeats,
            metavar="N",
            help="rounds in which every contestant is timed (default: %(default)s)",
        )
        add("--threads", type=_positive, metavar="N", help="threads (default: torch's choice)")
        add("--device", default="cpu", help="cpu, cuda, cuda:1, ... (default: %(default)s)")
        add("--out", type=Path, metavar="FILE", help="write the numbers to this json file, too")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def measure_losses(args: argparse.Namespace) -> dict[str, list[dict]]:
    """Rows by title of the table, as the other two."""
    return loss_tables(args.repeats, args.points, device=args.device)


def measure_head(args: argparse.Namespace) -> dict[str, list[dict]]:
    """See :func:`measure_losses`."""
    rows = head_rows(args.repeats, args.boxes, points=args.points, device=args.device)
    return {f"predictor and losses, {args.boxes} boxes of {args.points} points": rows}


def measure_postprocessing(args: argparse.Namespace) -> dict[str, list[dict]]:
    """See :func:`measure_losses`."""
    windows = [tuple(size) for size in args.window or WINDOWS]
    return {"one detection": postprocessing_rows(args.repeats, windows, device=args.device)}


MEASURES = {
    "losses": measure_losses,
    "head": measure_head,
    "postprocessing": measure_postprocessing,
}
"""What measures, by command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.command == "losses" and min(args.points) < 100:
        parser.error("--points must be at least 100, a group of the largest kind")
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error(f"--device {args.device}: torch finds no GPU")
    # The profiler, which counts memory, complains about a missing GPU.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    tables = MEASURES[args.command](args)
    for title, rows in tables.items():
        print(f"\n{title}\n{tabulate(rows, headers='keys', floatfmt='.3g')}")
    if args.out is not None:
        record = {
            "benchmark": args.command,
            "torch": torch.__version__,
            "device": args.device,
            "threads": torch.get_num_threads(),
            "repeats": args.repeats,
            "tables": tables,
        }
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
