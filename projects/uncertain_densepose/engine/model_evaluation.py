"""What all evaluations of a model have in common, on whichever data sets and however it is run."""

from __future__ import annotations

import logging
import math

from detectron2.config import CfgNode
from detectron2.evaluation import inference_on_dataset
from detectron2.utils import comm
from torch import nn

from ..config import ConfigError
from ..evaluation import (
    DensePoseEvaluator,
    GlobalVarianceEvaluator,
    GroundTruthBoxEvaluator,
    GroundTruthBoxModel,
    SurfaceDistance,
)
from ..evaluation.evaluator import surface_file
from ..evaluation.protocols import PROTOCOLS
from ..evaluation.recalibration import Recalibration
from ..surface import Surface
from .data import inference_loader, spread_records

# A child of Detectron2's logger, which every train script of Detectron2's sets up.
logger = logging.getLogger(f"detectron2.{__name__}")


class ModelEvaluation:
    """Makes the evaluators of a model for the data sets of `DATASETS.TEST`.

    Surfaces are loaded once, whichever data sets share them, and the global variance is fitted
    once.

    Args:
        cfg: the config of the model.
        model: with weights.

    Raises:
        ConfigError, RecalibrationError: see `evaluation_options`.
        SurfaceFileError: the file of a surface is missing or malformed.
        ValueError: a data set has none.
    """

    def __init__(self, cfg: CfgNode, model: nn.Module):
        self._options = evaluation_options(cfg)
        of_all = cfg.DENSEPOSE_EVALUATION.SURFACE
        path = {name: of_all or surface_file(name) for name in cfg.DATASETS.TEST}
        loaded = {p: SurfaceDistance(Surface.load(p)) for p in dict.fromkeys(path.values())}
        self._distance = {name: loaded[path[name]] for name in path}
        self._global_variance = fit_global_variance(cfg, model)

    def surface(self, dataset_name: str) -> Surface:
        """The body of a data set."""
        return self._distance[dataset_name].surface

    def in_detected_boxes(self, dataset_name: str, output_folder: str) -> DensePoseEvaluator:
        """An evaluator that writes its detections into a folder."""
        return DensePoseEvaluator(
            dataset_name,
            surface=self._distance[dataset_name],
            output_dir=output_folder,
            global_variance=self._global_variance,
            **self._options,
        )

    def in_annotated_boxes(self, dataset_name: str) -> GroundTruthBoxEvaluator:
        """An evaluator of the outputs of a `GroundTruthBoxModel`."""
        return GroundTruthBoxEvaluator(
            dataset_name,
            surface=self._distance[dataset_name],
            global_variance=self._global_variance,
            recalibration=self._options["recalibration"],
        )


def evaluation_options(cfg: CfgNode) -> dict:
    """How `DENSEPOSE_EVALUATION` wants a model evaluated, as arguments of `DensePoseEvaluator`.

    Raises:
        ConfigError: for an unknown protocol, or a length scale below 0.
        RecalibrationError: the file of the recalibration is missing or malformed.
    """
    protocol, kappa_m = cfg.DENSEPOSE_EVALUATION.PROTOCOL, cfg.DENSEPOSE_EVALUATION.KAPPA
    if protocol not in PROTOCOLS:
        raise ConfigError(
            f"DENSEPOSE_EVALUATION.PROTOCOL is {protocol!r}, not one of {tuple(PROTOCOLS)}"
        )
    if not 0 <= kappa_m < math.inf:
        raise ConfigError(f"DENSEPOSE_EVALUATION.KAPPA is {kappa_m}, expected metres or 0")
    recalibration = Recalibration.named(cfg.DENSEPOSE_EVALUATION.RECALIBRATION)
    return {"protocol": protocol, "kappa_m": kappa_m or None, "recalibration": recalibration}


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
    records = spread_records(name, count)
    fitted = inference_on_dataset(
        GroundTruthBoxModel.for_dataset(model, name),
        inference_loader(cfg, records),
        GlobalVarianceEvaluator(name),
    )
    variance = comm.all_gather(fitted)[0]["global_variance"]["variance_uv"]
    logger.info(f"Global variance of {name}: {variance:.3g} chart units², {len(records)} images")
    return None if math.isnan(variance) else variance
