"""The shared error that tools/fit_shared_variance.py adds to an independent noise model."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

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
from .models import chosen_model, load_model, running_config
from .options import UsageError, check_out_folder
from .shared_variance_files import CONFIG, RESULT, WEIGHTS

KIND = ["TYPE", "full", "SHARED_FROM", "box"]
"""`UV_CONFIDENCE` of the model that is written."""

SPLIT = "images 1, 3, 5, ... of those used for the fit, images 2, 4, 6, ... for the comparison"


def run(args: argparse.Namespace) -> dict:
    """Fit the shared variance and write the checkpoint, its config and the record of the fit.

    Returns:
        The record, as written to `RESULT`.

    Raises:
        UserError: the model, the data set or the folder cannot be used.
    """
    config_file, weights = chosen_model(args)
    check_out_folder(args.out)
    if (args.out / WEIGHTS).resolve() == Path(weights).resolve():
        raise UsageError(f"{weights}: would be overwritten; choose another folder as --out")
    cfg = running_config(config_file, weights, args.device, args.opts)
    model = load_model(cfg)
    check_independent(model.roi_heads.densepose_predictor.noise_model, weights)
    variance, result = fit_and_compare(cfg, model, args.dataset, args.images, args.per_part)
    result = {"weights": Path(weights).name, **result}
    own = {name: values.cpu() for name, values in model.state_dict().items()}
    full = Trainer.build_model(full_config(cfg)).cpu()
    # The written config keeps its own device, not the one used here.
    of_training = full_config(load_config(config_file, args.opts))
    save(args.out, of_training, with_shared_variance(full, own, variance), result)
    return result


def check_independent(noise_model: NoiseModel, weights: str) -> None:
    """Refuse a model that a shared error cannot be added to.

    Args:
        weights: the checkpoint, for the message.

    Raises:
        UsageError: the model predicts no variance, or a shared error already.
    """
    if not noise_model.point_fields:
        raise UsageError(
            f"{weights}: the model predicts no variance; use one with the noise model iid_iso or "
            "indep_aniso"
        )
    if noise_model.shared_fields:
        raise UsageError(f"{weights}: the model predicts a shared error already")


def predictions_at_points(
    cfg: CfgNode, model: nn.Module, name: str, records: list[dict]
) -> PointsInChart:
    """The model's predictions at the annotated points of some images of the data set `name`.

    Raises:
        UsageError: the images have no such points.
    """
    points = read_annotated_points(model, inference_loader(cfg, records), name)
    if points is None:
        raise UsageError(
            f"--dataset {name}: none of {len(records)} images has an annotated point in a box"
        )
    return points


def nats_per_point(points: PointsInChart) -> float:
    """Mean log-density of the annotations, nats per point."""
    distribution = noise_model(points.predicted, points.group)
    return distribution.log_prob(points.uv).sum().item() / len(points.uv)


def fit_and_compare(
    cfg: CfgNode, model: nn.Module, dataset: str | None, num_images: int | None, per_part: bool
) -> tuple[torch.Tensor, dict]:
    """Fit on one half of the images, and compare the likelihoods on the other half.

    Args:
        cfg, model: of independent noise.
        dataset, num_images: see `choose_records`.
        per_part: whether to fit a variance for each part with enough data.

    Returns:
        The shared variance (25,) float64, chart units², and the record of the fit.

    Raises:
        UsageError, DatasetChoiceError, SharedVarianceError: there is nothing to fit to.
    """
    name, records = choose_records(cfg, dataset, num_images)
    if len(records) < 2:
        raise UsageError(f"--dataset {name}: has {len(records)} images with people, needs 2")
    own, others = (predictions_at_points(cfg, model, name, records[half::2]) for half in range(2))
    labelled = own.predicted, own.uv, own.group
    common = fit_shared_variance(*labelled)
    variance = torch.full((NUM_PARTS + 1,), common, dtype=torch.float64)
    if per_part:
        variance = fit_shared_variance_per_part(*labelled, own.predicted.part)
    with_shared = replace(others, predicted=add_shared_variance(others.predicted, variance))
    return variance, {
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


def full_config(cfg: CfgNode) -> CfgNode:
    """A config with the noise model that is written, `KIND`."""
    cfg = cfg.clone()
    cfg.defrost()
    cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.merge_from_list(KIND)
    return cfg


def save(out: Path, cfg: CfgNode, weights: dict[str, torch.Tensor], result: dict) -> None:
    """Write the checkpoint, its config and the record of the fit into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    torch.save({"model": weights}, out / WEIGHTS)
    cfg.MODEL.WEIGHTS = str(out / WEIGHTS)
    cfg.OUTPUT_DIR = str(out)
    (out / CONFIG).write_text(cfg.dump())
    (out / RESULT).write_text(json.dumps(result, indent=2) + "\n")


def describe_fit(result: dict, per_part: bool) -> str:
    """The record of a fit (`run`) in a few lines; `per_part` as given to `fit_and_compare`."""
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
