#!/usr/bin/env python
"""Give a trained independent model a shared error: fit its variance to held-out annotations."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from detectron2.config import CfgNode
from torch import nn

from uncertain_densepose.config import load_config
from uncertain_densepose.engine import USER_ERRORS, Trainer
from uncertain_densepose.engine.data import DatasetChoiceError, choose_records, inference_loader
from uncertain_densepose.evaluation import noise_model
from uncertain_densepose.evaluation.annotated_points import read_annotated_points
from uncertain_densepose.evaluation.points.points_in_chart import PointsInChart
from uncertain_densepose.evaluation.shared_variance_fit import (
    MIN_GROUPS_PER_PART,
    SharedVarianceError,
    add_shared_variance,
    fit_shared_variance,
    fit_shared_variance_per_part,
)
from uncertain_densepose.modeling import NoiseModel
from uncertain_densepose.modeling.chart_predictor import NoiseModelMismatch
from uncertain_densepose.modeling.parent_weights import with_shared_variance
from uncertain_densepose.surface import NUM_PARTS, PART_NAMES

WEIGHTS, CONFIG, RESULT = "model_final.pth", "config.yaml", "shared_variance.json"
KIND = ["TYPE", "full", "SHARED_FROM", "box"]
"""Values of `UV_CONFIDENCE` of the model that is written."""

SPLIT = "images 1, 3, 5, ... of those used for the fit, images 2, 4, 6, ... for the comparison"

EPILOGUE = f"""\
The model (noise model iid_iso or indep_aniso, DensePose's WC1 and WC2 checkpoints among them) keeps
its predictions; a variance may grow by 1 % of the smallest that the model can have. To its errors
comes one of variance b (chart units²) that all points of a person's part share; b is fitted by
maximum likelihood to every other image of a data set that was not trained on. What it is worth on
the other half is printed, in nats per point.

--out gets
  {WEIGHTS}       a checkpoint of the noise model full, whose predictions are the parent's
  {CONFIG}           its config, to evaluate it or to train it further
  {RESULT}  what was fitted, and to what

example:
  python tools/fit_shared_variance.py --config-file configs/synth/unc_aniso.yaml \\
      --weights output/synth_unc_aniso/model_final.pth --out output/synth_unc_aniso_shared
"""


class InputError(Exception):
    """What is wrong with the command line."""


class Fitted(NamedTuple):
    """A fit and what it is worth.

    Attributes:
        variance: (25,) b, chart units².
        result: what the json file says.
    """

    variance: torch.Tensor
    result: dict


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config-file", required=True, help="yaml with which the model was trained")
    add("--weights", required=True, help="its checkpoint")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write, made if missing")
    add(
        "--dataset", metavar="NAME", help="held-out data set (default: the config's first for test)"
    )
    add("--images", type=int, metavar="N", help="use N images, spread evenly (default: all)")
    add("--per-part", action="store_true", help="fit a variance for each part that has enough data")
    add("--device", help="cpu, cuda, cuda:1, ... (default: a GPU when there is one)")
    add("--opts", nargs="+", default=[], metavar="KEY VALUE", help="replace values of the config")
    return parser


def check_output(out: Path, weights: str) -> None:
    """Refuse a folder that cannot be written, before the model runs.

    Raises:
        InputError: it is a file, or the weights to read would be overwritten.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: --out must be a folder, this is a file")
    if (out / WEIGHTS).resolve() == Path(weights).resolve():
        raise InputError(f"{weights}: would be overwritten; give another folder as --out")


def check_independent(noise_model: NoiseModel, weights: str) -> None:
    """Refuse a model to which no shared error can be added, before it runs.

    Raises:
        InputError: it predicts no variance, or a shared error already.
    """
    if not noise_model.point_fields:
        raise InputError(
            f"{weights}: the model predicts no variance; take one of the noise models iid_iso and "
            "indep_aniso"
        )
    if noise_model.shared_fields:
        raise InputError(f"{weights}: the model predicts a shared error already")


def chosen_records(cfg: CfgNode, name: str | None, count: int | None) -> tuple[str, list[dict]]:
    """The data set's name and `count` of its records, all by default.

    Raises:
        InputError: it has one image only.
        DatasetChoiceError: there is no such data set.
    """
    name, records = choose_records(cfg, name, count)
    if len(records) < 2:
        raise InputError(f"--dataset {name}: has {len(records)} images with people, needs 2")
    return name, records


def read_points(cfg: CfgNode, model: nn.Module, name: str, records: list[dict]) -> PointsInChart:
    """The model's predictions at the annotated points of some images.

    Raises:
        InputError: there are no such points.
    """
    points = read_annotated_points(model, inference_loader(cfg, records), name)
    if points is None:
        raise InputError(
            f"--dataset {name}: none of {len(records)} images has an annotated point in a box"
        )
    return points


def nats_per_point(points: PointsInChart) -> float:
    """The mean log-density of annotations."""
    distribution = noise_model(points.predicted, points.group)
    return distribution.log_prob(points.uv).sum().item() / len(points.uv)


def fit(cfg: CfgNode, model: nn.Module, args: argparse.Namespace) -> Fitted:
    """Fit to one half of the images and compare on the other.

    Raises:
        InputError, SharedVarianceError, and those of `USER_ERRORS`.
    """
    name, records = chosen_records(cfg, args.dataset, args.images)
    own = read_points(cfg, model, name, records[0::2])
    others = read_points(cfg, model, name, records[1::2])
    labelled = own.predicted, own.uv, own.group
    common = fit_shared_variance(*labelled)
    variance = torch.full((NUM_PARTS + 1,), common, dtype=torch.float64)
    if args.per_part:
        variance = fit_shared_variance_per_part(*labelled, own.predicted.part)
    with_shared = replace(others, predicted=add_shared_variance(others.predicted, variance))
    result = {
        "weights": Path(args.weights).name,
        "dataset": name,
        "split": SPLIT,
        "num_images": {"fit": len(records[0::2]), "comparison": len(records[1::2])},
        "num_points": {"fit": len(own.uv), "comparison": len(others.uv)},
        "shared_variance_uv": common,
        "part_shared_variance_uv": {
            str(part): variance[part].item()
            for part in range(1, NUM_PARTS + 1)
            if variance[part] != common
        },
        "nats_per_point": {
            "independent": nats_per_point(others),
            "with_shared_variance": nats_per_point(with_shared),
        },
    }
    return Fitted(variance, result)


def full_config(cfg: CfgNode) -> CfgNode:
    """The config of the model that is written."""
    cfg = cfg.clone()
    cfg.defrost()
    cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.merge_from_list(KIND)
    return cfg


def save(out: Path, cfg: CfgNode, weights: dict[str, torch.Tensor], result: dict) -> None:
    """Write the checkpoint, its config and what was fitted."""
    out.mkdir(parents=True, exist_ok=True)
    torch.save({"model": weights}, out / WEIGHTS)
    cfg.MODEL.WEIGHTS = str(out / WEIGHTS)
    cfg.OUTPUT_DIR = str(out)
    (out / CONFIG).write_text(cfg.dump())
    (out / RESULT).write_text(json.dumps(result, indent=2) + "\n")


def summary(result: dict) -> str:
    """What was found, in a few lines."""
    deviation = result["shared_variance_uv"] ** 0.5
    lines = [f"shared standard deviation {deviation:.4f} chart units"]
    lines += [
        f"  {PART_NAMES[int(part)]:<24} {variance**0.5:.4f}"
        for part, variance in result["part_shared_variance_uv"].items()
    ]
    nats, images, points = (result[k] for k in ("nats_per_point", "num_images", "num_points"))
    lines += [
        f"{images['comparison']} other images, {points['comparison']} points: "
        f"{nats['independent']:.3f} nats per point without, "
        f"{nats['with_shared_variance']:.3f} with it",
        f"split: {result['split']}",
    ]
    return "\n".join(lines)


def run(args: argparse.Namespace) -> dict:
    """Do what a command line asks for; what the json file says is returned.

    Raises:
        InputError, NoiseModelMismatch, SharedVarianceError, and those of `USER_ERRORS`.
    """
    check_output(args.out, args.weights)
    cfg = load_config(args.config_file, args.opts)
    running = cfg.clone()
    running.MODEL.WEIGHTS = args.weights
    running.MODEL.DEVICE = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = Trainer.build_model(running)
    Trainer.load_weights(running, model)
    check_independent(model.roi_heads.densepose_predictor.noise_model, args.weights)
    fitted = fit(running, model, args)
    weights = {name: values.cpu() for name, values in model.state_dict().items()}
    full = Trainer.build_model(full_config(running)).cpu()
    weights = with_shared_variance(full, weights, fitted.variance)
    save(args.out, full_config(cfg), weights, fitted.result)
    return fitted.result


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.images is not None and args.images < 2:
        parser.error(f"--images must be at least 2, not {args.images}")
    try:
        result = run(args)
    except (
        InputError,
        DatasetChoiceError,
        NoiseModelMismatch,
        SharedVarianceError,
        *USER_ERRORS,
    ) as error:
        parser.error(str(error))
    if args.per_part and not result["part_shared_variance_uv"]:
        print(f"no part was annotated on {MIN_GROUPS_PER_PART} people: all take the common value")
    print(f"{summary(result)}\nwritten to {args.out}")


if __name__ == "__main__":
    main()
