"""The tables of `python -m lab.benchmark`, by the names of its commands."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping

import torch

from .head import head_rows
from .losses import loss_tables
from .postprocessing import WINDOWS, postprocessing_rows

Tables = Mapping[str, list[dict]]
"""Rows by title of the table."""


def measure_losses(args: argparse.Namespace) -> Tables:
    """Densities, and the coordinate loss."""
    return loss_tables(args.repeats, args.points, device=args.device)


def measure_head(args: argparse.Namespace) -> Tables:
    """Predictor and losses."""
    rows = head_rows(args.repeats, args.boxes, points=args.points, device=args.device)
    return {f"predictor and losses, {args.boxes} boxes of {args.points} points": rows}


def measure_postprocessing(args: argparse.Namespace) -> Tables:
    """From maps to pixels."""
    windows = [tuple(size) for size in args.window or WINDOWS]
    return {"one detection": postprocessing_rows(args.repeats, windows, device=args.device)}


BENCHMARKS = {
    "losses": measure_losses,
    "head": measure_head,
    "postprocessing": measure_postprocessing,
}
"""What measures, by command."""


def run_benchmark(args: argparse.Namespace) -> Tables:
    """Measure with the threads of the command line, and write --out."""
    # The profiler, which counts memory, complains about a missing GPU.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    tables = BENCHMARKS[args.command](args)
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
    return tables
