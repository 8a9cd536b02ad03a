#!/usr/bin/env python
"""Fuse several models and compare them with each one alone, in the annotated boxes of a set."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from detectron2.config import CfgNode
from detectron2.structures import Instances
from tabulate import tabulate
from torch import nn
from tqdm import tqdm

from uncertain_densepose.config import load_config
from uncertain_densepose.engine import USER_ERRORS, Trainer
from uncertain_densepose.engine.data import DatasetChoiceError, choose_records, inference_loader
from uncertain_densepose.evaluation import GroundTruthBoxEvaluator, GroundTruthBoxModel
from uncertain_densepose.evaluation.evaluator import surface_distance
from uncertain_densepose.evaluation.files.metrics_file import write_metrics
from uncertain_densepose.evaluation.points.distance_totals import AUC_LIMITS_CM, THRESHOLDS_CM
from uncertain_densepose.inference.fusion import FUSION_RULES, FusionError
from uncertain_densepose.inference.fusion.predictions import fuse_maps

ACCURACY = [f"within_{t}cm" for t in THRESHOLDS_CM] + [f"AUC{limit}" for limit in AUC_LIMITS_CM]
NATS = "nats_per_point"
NO_NATS = "-"

EPILOGUE = """\
All models see the same annotated boxes. Rules of fusion, all of them by default:
  average             mean and spread of the models, each as likely as the other
  inverse_covariance  product of the models' densities, point by point
  joint               product of their densities of whole parts, with the shared errors of noise
                      model full
Where the models see different parts, the likeliest part by their mean probability is taken, and
each counts by the probability that it gives to it.

Columns: share of annotated points within 1 .. 20 cm and areas under its curve up to 10 and 30 cm,
in percent, and the mean log-density of the annotations in nats per point.

example:
  python tools/ensemble.py --config-file configs/synth/unc_full.yaml --json output/ensemble.json \\
      --weights output/seed0/model_final.pth output/seed1/model_final.pth
"""


class InputError(Exception):
    """What is wrong with the command line."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config-file", required=True, help="yaml with which the models were trained")
    add("--weights", required=True, nargs="+", metavar="W.pth", help="their checkpoints")
    add("--rule", nargs="+", choices=tuple(FUSION_RULES), help="rules of fusion (default: all)")
    add(
        "--correlation",
        type=float,
        default=0.0,
        metavar="RHO",
        help="of the models' errors, 0 <= RHO < 1: the products become less sure by 1 + (n - 1) RHO"
        " for n models (default: %(default)s)",
    )
    add("--dataset", metavar="NAME", help="data set (default: the config's first for test)")
    add("--images", type=int, metavar="N", help="use N images, spread evenly (default: all)")
    add("--json", type=Path, metavar="FILE", help="write all metrics of each row to a file")
    add("--device", help="cpu, cuda, cuda:1, ... (default: a GPU when there is one)")
    add("--opts", nargs="+", default=[], metavar="KEY VALUE", help="replace values of the config")
    return parser


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse what cannot work, before any model is loaded.

    Raises:
        InputError: fewer than two different checkpoints, a correlation or a number of images out of
            range, or a json file in no folder.
    """
    if len(set(args.weights)) < 2 or len(set(args.weights)) < len(args.weights):
        raise InputError(f"--weights needs two different checkpoints or more, not {args.weights}")
    if not 0 <= args.correlation < 1:
        raise InputError(f"--correlation must be in 0 <= RHO < 1, not {args.correlation}")
    if args.images is not None and args.images < 1:
        raise InputError(f"--images must be at least 1, not {args.images}")
    if args.json is not None and not args.json.parent.is_dir():
        raise InputError(f"--json {args.json}: there is no folder {args.json.parent}")


def chosen_records(cfg: CfgNode, name: str | None, count: int | None) -> tuple[str, list[dict]]:
    """The data set's name and `count` of its records, all by default.

    Raises:
        InputError: there is nothing in it.
        DatasetChoiceError: there is no such data set.
    """
    name, records = choose_records(cfg, name, count)
    if not records:
        raise InputError(f"--dataset {name}: has no image with people")
    return name, records


def load_models(cfg: CfgNode, weights: Sequence[str]) -> list[nn.Module]:
    """The models with their weights, in evaluation mode.

    Raises:
        WeightsError: see `Trainer.load_weights`.
    """
    models = []
    for path in weights:
        of_model = cfg.clone()
        of_model.MODEL.WEIGHTS = path
        model = Trainer.build_model(of_model)
        Trainer.load_weights(of_model, model)
        models.append(model.eval())
    return models


def fused_instances(several: Sequence[Instances], rule: str, correlation: float) -> Instances:
    """The models' answers in the same boxes as one.

    Raises:
        FusionError: the models lack what the rule needs.
    """
    fused = Instances(several[0].image_size, **several[0].get_fields())
    if len(fused):
        maps = fuse_maps([one.pred_densepose for one in several], rule, correlation)
        fused.pred_densepose = maps
    return fused


@torch.no_grad()
def compare(
    cfg: CfgNode,
    models: Mapping[str, nn.Module],
    name: str,
    records: list[dict],
    rules: Sequence[str],
    correlation: float,
) -> dict[str, dict[str, float]]:
    """Metrics of each model and of each rule.

    Args:
        cfg: of all models.
        models: by the names of their rows.
        name: of the data set. records: those of its images to use.
        rules: names in `FUSION_RULES`. correlation: see `fuse_maps`; the average takes none.

    Raises:
        FusionError, and those of `USER_ERRORS`.
    """
    loader = inference_loader(cfg, records)
    distance = surface_distance(name, cfg.DENSEPOSE_EVALUATION.SURFACE or None)
    told = [GroundTruthBoxModel.for_dataset(model, name) for model in models.values()]
    evaluators = {
        row: GroundTruthBoxEvaluator(name, surface=distance, distributed=False)
        for row in [*models, *rules]
    }
    for batch in tqdm(loader, desc="images", disable=None):
        answers = [[output["instances"] for output in model(batch)] for model in told]
        for row, of_model in zip(models, answers, strict=True):
            evaluators[row].process(batch, [{"instances": one} for one in of_model])
        for rule in rules:
            rho = correlation if FUSION_RULES[rule].is_product else 0.0
            fused = [
                {"instances": fused_instances(several, rule, rho)}
                for several in zip(*answers, strict=True)
            ]
            evaluators[rule].process(batch, fused)
    return {row: metrics_of(evaluator) for row, evaluator in evaluators.items()}


def metrics_of(evaluator: GroundTruthBoxEvaluator) -> dict[str, float]:
    """What the table and the json file say of a model."""
    results = evaluator.evaluate()
    accuracy = results["correspondence_gt_boxes"]
    likelihood = results["likelihood_gt_boxes"]
    metrics = {column: accuracy[column] for column in ACCURACY}
    return metrics | {NATS: likelihood[NATS], "num_points": accuracy["num_points"]}


def table(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """The metrics as text, one row a model or rule."""
    columns = [*ACCURACY, NATS]
    rows = [[row, *(values[column] for column in columns)] for row, values in metrics.items()]
    shown = [[NO_NATS if _is_nan(value) else value for value in row] for row in rows]
    header = ["", *(column.removeprefix("within_") for column in columns)]
    return tabulate(shown, headers=header, tablefmt="pipe", floatfmt=".2f")


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def run(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Do what a command line asks for; the metrics of each row are returned.

    Raises:
        InputError, FusionError, and those of `USER_ERRORS`.
    """
    check_arguments(args)
    cfg = load_config(args.config_file, args.opts)
    cfg.MODEL.DEVICE = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    name, records = chosen_records(cfg, args.dataset, args.images)
    models = dict(zip(args.weights, load_models(cfg, args.weights), strict=True))
    rules = args.rule or list(FUSION_RULES)
    metrics = compare(cfg, models, name, records, rules, args.correlation)
    if args.json is not None:
        settings = {
            "dataset": name,
            "num_images": len(records),
            "weights": args.weights,
            "correlation": args.correlation,
        }
        write_metrics(args.json, {"settings": settings} | metrics)
    return metrics


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    try:
        metrics = run(args)
    except (InputError, DatasetChoiceError, FusionError, *USER_ERRORS) as error:
        parser.error(str(error))
    print(table(metrics))


if __name__ == "__main__":
    main()
