"""The comparison of several models and their fusions that tools/ensemble.py makes."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence

import torch
from detectron2.config import CfgNode
from detectron2.structures import Instances
from tabulate import tabulate
from torch import nn
from tqdm import tqdm

from ..engine.data import choose_records, inference_loader
from ..evaluation import GroundTruthBoxEvaluator, GroundTruthBoxModel
from ..evaluation.evaluator import load_surface_distance
from ..evaluation.files import write_metrics
from ..evaluation.points.distance_totals import AUC_LIMITS_CM, THRESHOLDS_CM
from ..inference.fusion import FUSION_RULES
from ..inference.fusion.predictions import fuse_maps
from .models import load_model, running_config
from .options import UsageError, check_out_file

ACCURACY = [f"within_{t}cm" for t in THRESHOLDS_CM] + [f"AUC{limit}" for limit in AUC_LIMITS_CM]
NATS = "nats_per_point"
NO_NATS = "-"


def run(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Compare the models with their fusions, and write --json.

    Returns:
        {checkpoint or fusion rule: {metric: value}}.

    Raises:
        UserError: see `check_ensemble`; or the models lack what a rule needs.
    """
    check_ensemble(args)
    cfg = running_config(args.config_file, args.weights[0], args.device, args.opts)
    name, records = choose_records(cfg, args.dataset, args.images)
    if not records:
        raise UsageError(f"--dataset {name}: has no image with people")
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


def check_ensemble(args: argparse.Namespace) -> None:
    """Refuse options that cannot work, before any model is loaded.

    Raises:
        UsageError: there are fewer than two checkpoints, or one is given twice; the correlation is
            out of range; or the folder of the json file does not exist.
    """
    if len(set(args.weights)) < 2 or len(set(args.weights)) < len(args.weights):
        raise UsageError(f"--weights needs two or more different checkpoints, not {args.weights}")
    if not 0 <= args.correlation < 1:
        raise UsageError(f"--correlation must be in 0 <= RHO < 1, not {args.correlation}")
    if args.json is not None:
        check_out_file(args.json, "--json")


def load_models(cfg: CfgNode, weights: Sequence[str]) -> list[nn.Module]:
    """The models of one config and several checkpoints, in evaluation mode.

    Raises:
        WeightsError: see `Trainer.load_weights`.
    """
    models = []
    for path in weights:
        of_model = cfg.clone()
        of_model.MODEL.WEIGHTS = path
        models.append(load_model(of_model).eval())
    return models


def fused_instances(several: Sequence[Instances], rule: str, correlation: float) -> Instances:
    """Fuse several models' predictions in the same boxes of an image; see `fuse_maps`.

    Raises:
        FusionError: the models lack what the rule needs.
    """
    fused = Instances(several[0].image_size, **several[0].get_fields())
    if len(fused):
        maps = [one.pred_densepose for one in several]
        fused.pred_densepose = fuse_maps(maps, rule, correlation)
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
    """Evaluate each model alone and each fusion rule, in annotated boxes.

    Args:
        cfg: the models' config.
        models: by name, one row each.
        name: the data set. records: its images to use.
        rules: names in `FUSION_RULES`. correlation: see `fuse_maps`; ignored by the average.

    Returns:
        {model or rule: {metric: value}}, see `metrics_of`.

    Raises:
        FusionError: the models lack what a rule needs.
    """
    loader = inference_loader(cfg, records)
    distance = load_surface_distance(name, cfg.DENSEPOSE_EVALUATION.SURFACE or None)
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
    """The metrics in the table and the json file: `ACCURACY` (%), `NATS` and `num_points`."""
    results = evaluator.evaluate()
    accuracy = results["correspondence_gt_boxes"]
    likelihood = results["likelihood_gt_boxes"]
    metrics = {column: accuracy[column] for column in ACCURACY}
    return metrics | {NATS: likelihood[NATS], "num_points": accuracy["num_points"]}


def comparison_table(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """The metrics of `compare` as a Markdown table, one row per model or rule."""
    columns = [*ACCURACY, NATS]
    rows = [
        [row, *(NO_NATS if math.isnan(values[column]) else values[column] for column in columns)]
        for row, values in metrics.items()
    ]
    header = ["", *(column.removeprefix("within_") for column in columns)]
    return tabulate(rows, headers=header, tablefmt="pipe", floatfmt=".2f")
