"""The recalibration that tools/recalibrate.py fits."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ..engine.data import choose_records, inference_loader
from ..evaluation import Recalibration
from ..evaluation.recalibration import fit_per_part, fit_recalibration, fit_scalar
from ..surface import PART_NAMES
from .models import load_model, running_config
from .options import check_out_file


def run(args: argparse.Namespace) -> tuple[Recalibration, Path]:
    """Fit and write a recalibration; it and its file are returned.

    Raises:
        UserError: the file cannot be written, or see `running_config`, `load_model`,
            `choose_records` and `fit_recalibration`.
    """
    path = args.out or Path(args.weights).with_suffix(".recalibration.json")
    check_out_file(path)
    recalibration = fit(args)
    recalibration.save(path)
    return recalibration, path


def fit(args: argparse.Namespace) -> Recalibration:
    """The recalibration, and what it was fitted to."""
    cfg = running_config(args.config_file, args.weights, args.device, args.opts)
    name, records = choose_records(cfg, args.dataset, args.images)
    method = fit_per_part if args.per_part else fit_scalar
    fitted = fit_recalibration(load_model(cfg), inference_loader(cfg, records), name, method)
    origin: dict[str, str | int] = {
        "weights": Path(args.weights).name,
        "dataset": name,
        "num_images": len(records),
    }
    return replace(fitted, origin={**origin, **fitted.origin})


def summary(recalibration: Recalibration) -> str:
    """What was found, in a few lines: a factor above 1 says that the model was too sure."""
    lines = [f"variance times {recalibration.variance_scale:.3f}"]
    lines += [
        f"  {PART_NAMES[part]:<24} {scale:.3f}"
        for part, scale in recalibration.part_variance_scale.items()
    ]
    lines += [", ".join(f"{name}: {value}" for name, value in recalibration.origin.items())]
    return "\n".join(lines)
