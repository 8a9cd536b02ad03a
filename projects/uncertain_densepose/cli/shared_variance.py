"""The shared error that tools/fit_shared_variance.py adds to an independent model."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from detectron2.config import CfgNode
from torch import nn

from ..config import load_config
from ..engine import Trainer
from ..engine.data import choose_records, inference_loader
from ..evaluation import noise_model
from ..evaluation.annotated_points import read_annotated_points
from ..evaluation.points.points_in_chart import PointsInChart
from ..evaluation.shared_variance_fit import (
    MIN_GROUPS_PER_PART,
    add_shared_variance,
    fit_shared_variance,
    fit_shared_variance_per_part,
)
from ..modeling import NoiseModel
from ..modeling.parent_weights import with_shared_variance
from ..surface import NUM_PARTS, PART_NAMES
from .models import load_model, running_config
from .options import UsageError, check_out_folder
from .shared_variance_files import CONFIG, RESULT, WEIGHTS

KIND = ["TYPE", "full", "SHARED_FROM", "box"]
"""Values of `UV_CONFIDENCE` of the model that is written."""

SPLIT = "images 1, 3, 5, ... of those used for the fit, images 2, 4, 6, ... for the comparison"


class Fitted(NamedTuple):
    """A fit and what it is worth.

    Attributes:
        variance: (25,) b, chart units².
        result: what the json file says.
    """

    variance: torch.Tensor
    result: dict


def run(args: argparse.Namespace) -> dict:
    """Do what tools/fit_shared_variance.py is asked for.

    Returns:
        what the json file says.

    Raises:
        UserError: the model, the data set or the folder cannot be used.
    """
    check_output(args.out, args.weights)
    cfg = running_config(args.config_file, args.weights, args.device, args.opts)
    model = load_model(cfg)
    check_independent(model.roi_heads.densepose_predictor.noise_model, args.weights)
    fitted = fit(cfg, model, args)
    weights = {name: values.cpu() for name, values in model.state_dict().items()}
    full = Trainer.build_model(full_config(cfg)).cpu()
    weights = with_shared_variance(full, weights, fitted.variance)
    # What is written keeps the device of the config.
    of_training = load_config(args.config_file, args.opts)
    save(args.out, full_config(of_training), weights, fitted.result)
    return fitted.result


def check_output(out: Path, weights: str) -> None:
    """Refuse a folder that cannot be written, before the model runs.

    Raises:
        UsageError: it is a file, or the weights to read would be overwritten.
    """
    check_out_folder(out)
    if (out / WEIGHTS).resolve() == Path(weights).resolve():
        raise UsageError(f"{weights}: would be overwritten; give another folder as --out")


def check_independent(noise_model: NoiseModel, weights: str) -> None:
    """Refuse a model to which no shared error can be added, before it runs.

    Raises:
        UsageError: it predicts no variance, or a shared error already.
    """
    if not noise_model.point_fields:
        raise UsageError(
            f"{weights}: the model predicts no variance; take one of the noise models iid_iso and "
            "indep_aniso"
        )
    if noise_model.shared_fields:
        raise UsageError(f"{weights}: the model predicts a shared error already")


def chosen_records(cfg: CfgNode, name: str | None, count: int | None) -> tuple[str, list[dict]]:
    """The data set's name and `count` of its records, all by default.

    Raises:
        UsageError: it has one image only.
        DatasetChoiceError: there is no such data set.
    """
    name, records = choose_records(cfg, name, count)
    if len(records) < 2:
        raise UsageError(f"--dataset {name}: has {len(records)} images with people, needs 2")
    return name, records


def read_points(cfg: CfgNode, model: nn.Module, name: str, records: list[dict]) -> PointsInChart:
    """The model's predictions at the annotated points of some images.

    Raises:
        UsageError: there are no such points.
    """
    points = read_annotated_points(model, inference_loader(cfg, records), name)
    if points is None:
        raise UsageError(
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
        UsageError, SharedVarianceError: there is nothing to fit to.
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


def summary(result: dict, per_part: bool) -> str:
    """What was found, in a few lines.

    Args:
        result: of `run`.
        per_part: whether parts were to have values of their own.
    """
    lines = []
    if per_part and not result["part_shared_variance_uv"]:
        few = f"no part was annotated on {MIN_GROUPS_PER_PART} people"
        lines.append(f"{few}: all take the common value")
    deviation = result["shared_variance_uv"] ** 0.5
    lines.append(f"shared standard deviation {deviation:.4f} chart units")
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
