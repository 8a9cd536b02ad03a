"""The recalibration that tools/recalibrate.py fits."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ..engine.data import choose_records, inference_loader
from ..evaluation import Recalibration
from ..evaluation.recalibration import fit_per_part, fit_recalibration, fit_scalar
from ..surface import PART_NAMES
from .models import ChosenModel, chosen_model, load_model, running_config
from .options import UsageError, check_out_file


def run(args: argparse.Namespace) -> tuple[Recalibration, Path]:
    """Fit a recalibration and write it; returns it and its file.

    Raises:
        UserError: the file cannot be written, or see `chosen_model`, `running_config`,
            `load_model`, `choose_records` and `fit_recalibration`.
    """
    if args.model is not None and args.out is None:
        raise UsageError("--model needs --out: a released checkpoint has no folder of yours")
    chosen = chosen_model(args)
    if args.out is None and "://" in chosen.weights:
        raise UsageError("weights from an address need --out: there is no folder beside them")
    path = args.out or Path(chosen.weights).with_suffix(".recalibration.json")
    check_out_file(path)
    recalibration = fitted_recalibration(chosen, args)
    recalibration.save(path)
    return recalibration, path


def fitted_recalibration(chosen: ChosenModel, args: argparse.Namespace) -> Recalibration:
    """Fit a model's variances to annotations; `origin` says which.

    Raises:
        UserError: see `run`.
    """
    cfg = running_config(*chosen, args.device, args.opts)
    name, records = choose_records(cfg, args.dataset, args.images)
    method = fit_per_part if args.per_part else fit_scalar
    fitted = fit_recalibration(load_model(cfg), inference_loader(cfg, records), name, method)
    origin: dict[str, str | int] = {
        "weights": Path(chosen.weights).name,
        "dataset": name,
        "num_images": len(records),
    }
    return replace(fitted, origin={**origin, **fitted.origin})


def describe_recalibration(recalibration: Recalibration) -> str:
    """The factors in a few lines; one above 1 means that the model was overconfident."""
    lines = [f"variance times {recalibration.variance_scale:.3f}"]
    lines += [
        f"  {PART_NAMES[part]:<24} {scale:.3f}"
        for part, scale in recalibration.part_variance_scale.items()
    ]
    lines += [", ".join(f"{name}: {value}" for name, value in recalibration.origin.items())]
    return "\n".join(lines)
