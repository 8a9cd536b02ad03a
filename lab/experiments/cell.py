"""One cell of an experiment: a model is trained on a world's labels and evaluated."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import torch
from detectron2.config import CfgNode

from synthetic_people.presets import SPLITS
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance
from uncertain_densepose.surface.paths import data_root, default_surface_path

from .crop_model import build_crop_model
from .crop_sets import CropSet, annotation_file, load_sets
from .metrics.cell_metrics import cell_metrics
from .reading import CropModel, read_outcome
from .settings import ExperimentCell, cell_steps
from .training import TrainingDiverged, train_crop_model
from .weights import save_weights


def cell_config(cfg: CfgNode, cell: ExperimentCell) -> CfgNode:
    """The config of one cell."""
    cfg = cfg.clone()
    cfg.defrost()
    cfg.SOLVER.MAX_ITER = cell_steps(cfg, cell)
    if cell.stage == "tune":
        cfg.EXPERIMENT.EVALUATE_AT = [1.0]
    head, setting = cfg.MODEL.ROI_DENSEPOSE_HEAD, cell.known_setting
    head.UV_CONFIDENCE.ENABLED = True
    head.UV_CONFIDENCE.TYPE = cell.model
    head.UV_CONFIDENCE.MSE_ANCHOR_WEIGHT = setting.anchor
    head.UV_CONFIDENCE.WARM_START_ITERS = round(setting.warm_start * cfg.SOLVER.MAX_ITER)
    head.POINT_REGRESSION_WEIGHTS = setting.uv_weight
    if cfg.MODEL.DEVICE == "cuda" and not torch.cuda.is_available():
        cfg.MODEL.DEVICE = "cpu"
    cfg.freeze()
    return cfg


def evaluation_steps(cfg: CfgNode) -> list[int]:
    """Numbers of training steps after which a model is evaluated, the last one included."""
    last = cfg.SOLVER.MAX_ITER
    return sorted({max(1, round(share * last)) for share in cfg.EXPERIMENT.EVALUATE_AT} | {last})


def run_cell(cfg: CfgNode, cell: ExperimentCell, on_step: Callable[[], None]) -> list[dict]:
    """Train and evaluate.

    Args:
        cfg: of the experiment.
        cell: which; one of the stage "tune" does not see the test set.
        on_step: called after every training step.

    Returns:
        A row an evaluation and split: `steps`, `split` ("validation", "test") and metrics. Both
        splits are measured with what is fitted to the validation split. A reported model's weights
        are kept in `EXPERIMENT.WEIGHTS_DIR`, if that is set.

    Raises:
        FileNotFoundError, AnnotationFileError: see `crop_sets.load_sets`.
        TrainingDiverged: a loss is not finite; the message names the cell.
    """
    cfg = cell_config(cfg, cell)
    training, validation, test = experiment_sets(cfg, cell.world)
    distance = surface_distance()
    reported = {"validation": validation} | ({"test": test} if cell.stage == "final" else {})
    model = build_crop_model(cfg, cell.seed)
    rows = []

    def evaluate(steps: int) -> None:
        rows.extend(split_rows(model, reported, distance, steps))

    milestones = {steps: functools.partial(evaluate, steps) for steps in evaluation_steps(cfg)}
    try:
        train_crop_model(cfg, model, training, cell.seed, on_step, milestones)
    except TrainingDiverged as error:
        raise TrainingDiverged(f"{cell}: {error}") from error
    if cell.stage == "final" and cfg.EXPERIMENT.WEIGHTS_DIR:
        save_weights(cfg.EXPERIMENT.WEIGHTS_DIR, cell, model)
    return rows


def split_rows(
    model: CropModel, splits: Mapping[str, CropSet], distance: SurfaceDistance, steps: int
) -> list[dict]:
    """Measure a model on sets of people.

    Args:
        model: as `reading.read_outcome` takes it.
        splits: by name; "validation" must be one of them, to which noise is fitted for all.
        distance: the body.
        steps: of training that the model has had.

    Returns:
        A row a split: `steps`, `split` and metrics.
    """
    outcomes = {split: read_outcome(model, crops) for split, crops in splits.items()}
    return [
        {"steps": steps, "split": split} | cell_metrics(outcome, outcomes["validation"], distance)
        for split, outcome in outcomes.items()
    ]


def check_worlds(cfg: CfgNode, worlds: Iterable[str]) -> None:
    """Refuse worlds whose annotations are missing, before hours of work on others.

    Raises:
        FileNotFoundError: naming the file.
    """
    for world in worlds:
        for split in SPLITS:
            annotation_file(data_root() / cfg.EXPERIMENT.DATASET, split, world)


def experiment_sets(cfg: CfgNode, world: str) -> tuple[CropSet, CropSet, CropSet]:
    """Training, validation and test set of a world, see `crop_sets.load_sets`."""
    options = cfg.EXPERIMENT
    folder = data_root() / options.DATASET
    return _load_sets(folder, world, options.CROP_SIDE, options.VALIDATION_SHARE)


# Cells of one world follow each other in a process.
_load_sets = functools.lru_cache(maxsize=1)(load_sets)


def surface_distance() -> SurfaceDistance:
    """Distances on the body of the data sets."""
    return _surface_distance(default_surface_path())


@functools.lru_cache(maxsize=1)
def _surface_distance(path: Path) -> SurfaceDistance:
    return SurfaceDistance.load(path)
