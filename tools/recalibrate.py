#!/usr/bin/env python
"""Fit the size of a model's uncertainty to held-out annotations."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from uncertain_densepose.config import load_config
from uncertain_densepose.engine import USER_ERRORS, Trainer
from uncertain_densepose.engine.data import DatasetChoiceError, choose_records, inference_loader
from uncertain_densepose.evaluation import Recalibration, RecalibrationError
from uncertain_densepose.evaluation.recalibration import fit_per_part, fit_recalibration, fit_scalar
from uncertain_densepose.surface import PART_NAMES

EPILOGUE = """\
The file holds one factor by which all predicted covariances are multiplied, with --per-part also
one for each part that has enough annotated points. Evaluation applies it on request:
  tools/train_net.py --config-file ... --eval-only MODEL.WEIGHTS model_final.pth \\
      DENSEPOSE_EVALUATION.RECALIBRATION model_final.recalibration.json

Fit it on images that were not trained on, and report results on others again.

example:
  python tools/recalibrate.py --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --dataset synth_people_tiny_val
"""


class InputError(Exception):
    """What is wrong with the command line."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config-file", required=True, help="yaml with which the model was trained")
    add("--weights", required=True, help="its checkpoint, for example output/demo/model_final.pth")
    add(
        "--dataset", metavar="NAME", help="held-out data set (default: the config's first for test)"
    )
    add("--images", type=int, metavar="N", help="use N images, spread evenly (default: all)")
    add("--per-part", action="store_true", help="fit a factor for each part as well")
    add(
        "--out",
        type=Path,
        metavar="FILE",
        help="json to write (default: beside the weights, NAME.recalibration.json)",
    )
    add("--device", help="cpu, cuda, cuda:1, ... (default: a GPU when there is one)")
    add("--opts", nargs="+", default=[], metavar="KEY VALUE", help="replace values of the config")
    return parser


def output_path(weights: str, out: Path | None) -> Path:
    """Where to write.

    Raises:
        InputError: there is no such folder, or it is one.
    """
    path = out or Path(weights).with_suffix(".recalibration.json")
    if path.is_dir():
        raise InputError(f"{path}: --out must be a file, this is a folder")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    return path


def fit(args: argparse.Namespace) -> Recalibration:
    """The recalibration that a command line asks for.

    Raises:
        InputError, RecalibrationError, and those of `USER_ERRORS`.
    """
    cfg = load_config(args.config_file, args.opts)
    cfg.MODEL.WEIGHTS = args.weights
    cfg.MODEL.DEVICE = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    name, records = choose_records(cfg, args.dataset, args.images)
    model = Trainer.build_model(cfg)
    Trainer.load_weights(cfg, model)
    method = fit_per_part if args.per_part else fit_scalar
    fitted = fit_recalibration(model, inference_loader(cfg, records), name, method)
    origin = {"weights": Path(args.weights).name, "dataset": name, "num_images": len(records)}
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.images is not None and args.images < 1:
        parser.error(f"--images must be at least 1, not {args.images}")
    try:
        path = output_path(args.weights, args.out)
        recalibration = fit(args)
    except (InputError, DatasetChoiceError, RecalibrationError, *USER_ERRORS) as error:
        parser.error(str(error))
    recalibration.save(path)
    print(f"{summary(recalibration)}\nwritten to {path}")


if __name__ == "__main__":
    main()
