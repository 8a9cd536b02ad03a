"""Several models, each alone and all of them fused, in the annotated boxes of a data set."""

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
from .options import UsageError

ACCURACY = [f"within_{t}cm" for t in THRESHOLDS_CM] + [f"AUC{limit}" for limit in AUC_LIMITS_CM]
NATS = "nats_per_point"
NO_NATS = "-"


def run(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Do what tools/ensemble.py is asked for.

    Returns:
        the metrics of each model and each rule.

    Raises:
        UserError: what cannot work is refused before any model is loaded; or models lack what a
            rule needs.
    """
    check_arguments(args)
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


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse what cannot work.

    Raises:
        UsageError: fewer than two different checkpoints, a correlation out of range, or a json file
            in no folder.
    """
    if len(set(args.weights)) < 2 or len(set(args.weights)) < len(args.weights):
        raise UsageError(f"--weights needs two different checkpoints or more, not {args.weights}")
    if not 0 <= args.correlation < 1:
        raise UsageError(f"--correlation must be in 0 <= RHO < 1, not {args.correlation}")
    if args.json is not None and not args.json.parent.is_dir():
        raise UsageError(f"--json {args.json}: there is no folder {args.json.parent}")


def load_models(cfg: CfgNode, weights: Sequence[str]) -> list[nn.Module]:
    """Models of one config with their weights, in evaluation mode.

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
        FusionError: see `fused_instances`.
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
