"""Detectron2's trainer with the data mapper and the evaluators of dense pose."""

from __future__ import annotations

import logging
import math
import os
from collections import OrderedDict

from detectron2.checkpoint import DetectionCheckpointer
from detectron2.config import CfgNode
from detectron2.data import (
    DatasetCatalog,
    build_detection_test_loader,
    build_detection_train_loader,
)
from detectron2.engine import DefaultTrainer
from detectron2.evaluation import (
    COCOEvaluator,
    DatasetEvaluators,
    inference_on_dataset,
    print_csv_format,
)
from detectron2.utils import comm
from detectron2.utils.file_io import PathManager
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ..config import ConfigError
from ..data import DensePoseDatasetMapper
from ..data.mapper import chart_mirror_of
from ..evaluation import (
    DensePoseEvaluator,
    GlobalVarianceEvaluator,
    GroundTruthBoxEvaluator,
    GroundTruthBoxModel,
    SurfaceDistance,
)
from ..evaluation.evaluator import surface_distance
from ..evaluation.metrics_file import write_metrics
from ..evaluation.protocols import PROTOCOLS
from ..evaluation.recalibration import Recalibration
from ..modeling.chart_predictor import NoiseModelMismatch
from ..modeling.test_time_augmentation import DensePoseRCNNWithTTA
from .optimizer import build_optimizer

logger = logging.getLogger(__name__)


class WeightsError(ValueError):
    """Weights that do not fit the model; the message names their file."""


class Trainer(DefaultTrainer):
    """`DefaultTrainer` for dense pose.

    `test` evaluates boxes, dense pose in detected boxes and dense pose in annotated boxes, and
    writes `metrics_<data set>.json` into the output folder.

    Raises:
        ConfigError: see `evaluation_options`.
    """

    def __init__(self, cfg: CfgNode):
        # Not only after hours of training.
        evaluation_options(cfg)
        super().__init__(cfg)

    @classmethod
    def build_train_loader(cls, cfg: CfgNode):
        """Detectron2's loader with :class:`DensePoseDatasetMapper`."""
        return build_detection_train_loader(cfg, mapper=DensePoseDatasetMapper(cfg, is_train=True))

    @classmethod
    def build_optimizer(cls, cfg: CfgNode, model: nn.Module):
        """The optimiser that `SOLVER.OPTIMIZER` names."""
        return build_optimizer(cfg, model)

    @classmethod
    def build_evaluator(
        cls,
        cfg: CfgNode,
        dataset_name: str,
        surface: SurfaceDistance | None = None,
        global_variance: float | None = None,
        output_folder: str = "inference",
    ):
        """Box AP, and all that `DensePoseEvaluator` measures in detected boxes.

        Files are written into `output_folder` of the output folder, apart for each data set.
        """
        folder = os.path.join(cfg.OUTPUT_DIR, output_folder, dataset_name)
        boxes = COCOEvaluator(dataset_name, tasks=("bbox",), output_dir=folder)
        return DatasetEvaluators(
            [
                boxes,
                DensePoseEvaluator(
                    dataset_name,
                    surface=surface,
                    output_dir=folder,
                    global_variance=global_variance,
                    recalibration=Recalibration.named(cfg.DENSEPOSE_EVALUATION.RECALIBRATION),
                    **evaluation_options(cfg),
                ),
            ]
        )

    @classmethod
    def test(cls, cfg: CfgNode, model: nn.Module, evaluators=None) -> OrderedDict:
        """Evaluate a model on `DATASETS.TEST`.

        Args:
            cfg: its config.
            model: with weights.
            evaluators: given, they replace all of the evaluation, as in `DefaultTrainer.test`.

        Returns:
            {task: {metric: value}}, one such dict a data set if there are several.
        """
        if evaluators is not None:
            return super().test(cfg, model, evaluators)
        if isinstance(model, DistributedDataParallel):
            model = model.module
        variance = fit_global_variance(cfg, model)
        results = OrderedDict()
        for name in cfg.DATASETS.TEST:
            loader = cls.build_test_loader(cfg, name)
            distance = surface_distance(name, cfg.DENSEPOSE_EVALUATION.SURFACE or None)
            evaluator = cls.build_evaluator(cfg, name, distance, variance)
            found = inference_on_dataset(model, loader, evaluator) or {}
            in_annotated_boxes = inference_on_dataset(
                GroundTruthBoxModel.for_dataset(model, name),
                loader,
                GroundTruthBoxEvaluator(
                    name,
                    surface=distance,
                    global_variance=variance,
                    recalibration=Recalibration.named(cfg.DENSEPOSE_EVALUATION.RECALIBRATION),
                ),
            )
            found.update(in_annotated_boxes or {})
            results[name] = found
            _report(os.path.join(cfg.OUTPUT_DIR, f"metrics_{name}.json"), found)
        return next(iter(results.values())) if len(results) == 1 else results

    @classmethod
    def test_with_TTA(cls, cfg: CfgNode, model: nn.Module) -> OrderedDict:
        """Evaluate a model with test-time augmentation, in the boxes that it detects.

        Metrics are written to `metrics_<data set>_TTA.json`.

        Args:
            cfg: its config; `TEST.AUG` says which augmentations there are.
            model: with weights.

        Returns:
            As :meth:`test`, with "_TTA" after every key.
        """
        mirror = None
        if cfg.TEST.AUG.FLIP:
            mirror = chart_mirror_of(cfg.DATASETS.TRAIN or cfg.DATASETS.TEST)
        augmented = DensePoseRCNNWithTTA(cfg, model, mirror)
        # Of the image at its own size, for augmentations resize it.
        unresized = cfg.clone()
        unresized.defrost()
        unresized.INPUT.MIN_SIZE_TEST = 0
        variance = fit_global_variance(cfg, augmented.model)
        results = OrderedDict()
        for name in cfg.DATASETS.TEST:
            distance = surface_distance(name, cfg.DENSEPOSE_EVALUATION.SURFACE or None)
            evaluator = cls.build_evaluator(cfg, name, distance, variance, "inference_TTA")
            loader = cls.build_test_loader(unresized, name)
            results[name] = inference_on_dataset(augmented, loader, evaluator) or {}
            _report(os.path.join(cfg.OUTPUT_DIR, f"metrics_{name}_TTA.json"), results[name])
        found = next(iter(results.values())) if len(results) == 1 else results
        return OrderedDict((f"{key}_TTA", value) for key, value in found.items())

    def resume_or_load(self, resume: bool = True) -> None:
        """See `DefaultTrainer.resume_or_load`.

        Raises:
            WeightsError: for weights of another noise model.
        """
        try:
            super().resume_or_load(resume)
        except NoiseModelMismatch as error:
            path = weights_path(self.cfg, self.checkpointer, resume)
            raise WeightsError(f"{path}: {error}") from error

    @staticmethod
    def load_weights(cfg: CfgNode, model: nn.Module, resume: bool = False) -> int:
        """Load the weights to evaluate: `MODEL.WEIGHTS`, or with `resume` the last checkpoint.

        Returns:
            The iteration that they are from, 0 if the file does not say it.

        Raises:
            WeightsError: for a missing file, or weights of another noise model.
        """
        checkpointer = DetectionCheckpointer(model, save_dir=cfg.OUTPUT_DIR)
        path = weights_path(cfg, checkpointer, resume)
        if not path or not ("://" in path or PathManager.isfile(path)):
            raise WeightsError(
                f"MODEL.WEIGHTS is {path!r}, which is no file; give the checkpoint to evaluate, "
                "such as `MODEL.WEIGHTS output/demo/model_final.pth`"
            )
        try:
            return int(checkpointer.load(path).get("iteration", 0))
        except NoiseModelMismatch as error:
            raise WeightsError(f"{path}: {error}") from error


def weights_path(cfg: CfgNode, checkpointer: DetectionCheckpointer, resume: bool) -> str:
    """What `resume_or_load` would load."""
    if resume and checkpointer.has_checkpoint():
        return checkpointer.get_checkpoint_file()
    return cfg.MODEL.WEIGHTS


def evaluation_options(cfg: CfgNode) -> dict:
    """How `DENSEPOSE_EVALUATION` wants detections counted, as arguments of `DensePoseEvaluator`.

    Raises:
        ConfigError: for an unknown protocol, or a length scale below 0.
    """
    protocol, kappa_m = cfg.DENSEPOSE_EVALUATION.PROTOCOL, cfg.DENSEPOSE_EVALUATION.KAPPA
    if protocol not in PROTOCOLS:
        raise ConfigError(
            f"DENSEPOSE_EVALUATION.PROTOCOL is {protocol!r}, not one of {tuple(PROTOCOLS)}"
        )
    if not 0 <= kappa_m < math.inf:
        raise ConfigError(f"DENSEPOSE_EVALUATION.KAPPA is {kappa_m}, expected metres or 0")
    return {"protocol": protocol, "kappa_m": kappa_m or None}


def fit_global_variance(cfg: CfgNode, model: nn.Module) -> float | None:
    """The variance of the labels around a model's predictions, over training images.

    Likelihood tables compare a model with this one number, and a model without a noise model is
    read with it.

    Args:
        cfg: `DATASETS.TRAIN` and `DENSEPOSE_EVALUATION.GLOBAL_VARIANCE_IMAGES` are read: the
            images are spread evenly over the first training set.
        model: with weights.

    Returns:
        Mean squared residual a coordinate, chart units²; None without training data. Every worker
        gets the same.
    """
    count = cfg.DENSEPOSE_EVALUATION.GLOBAL_VARIANCE_IMAGES
    if not cfg.DATASETS.TRAIN or count < 1:
        return None
    name = cfg.DATASETS.TRAIN[0]
    records = DatasetCatalog.get(name)
    records = records[:: max(1, len(records) // count)][:count]
    loader = build_detection_test_loader(
        records,
        mapper=DensePoseDatasetMapper(cfg, is_train=False),
        num_workers=cfg.DATALOADER.NUM_WORKERS,
    )
    fitted = inference_on_dataset(
        GroundTruthBoxModel.for_dataset(model, name), loader, GlobalVarianceEvaluator(name)
    )
    variance = comm.all_gather(fitted)[0]["global_variance"]["variance_uv"]
    logger.info(f"Global variance of {name}: {variance:.3g} chart units², {len(records)} images")
    return None if math.isnan(variance) else variance


def _report(path: str, results: OrderedDict) -> None:
    """Print results and write them as strict JSON, null where there was nothing to measure."""
    if not comm.is_main_process():
        return
    print_csv_format(results)
    write_metrics(path, results)
