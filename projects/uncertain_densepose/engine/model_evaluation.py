"""What the evaluations of a model share, on all data sets and with both kinds of configs."""

from __future__ import annotations

import difflib
import logging
import math
from collections.abc import Sequence

from detectron2.config import CfgNode, configurable
from detectron2.data import DatasetCatalog
from detectron2.evaluation import inference_on_dataset
from detectron2.utils import comm
from torch import nn
from torch.utils.data import DataLoader

from ..config import ConfigError
from ..evaluation import (
    DensePoseEvaluator,
    GlobalVarianceEvaluator,
    GroundTruthBoxEvaluator,
    GroundTruthBoxModel,
    SurfaceDistance,
)
from ..evaluation.detections.protocols import PROTOCOLS
from ..evaluation.evaluator import dataset_surface_file
from ..evaluation.ground_truth.test_set_check import check_test_sets
from ..evaluation.recalibration import Recalibration
from ..surface import Surface
from .data import inference_loader, spread_records

# A child of Detectron2's logger, which every train script of Detectron2's sets up.
logger = logging.getLogger(f"detectron2.{__name__}")


class ModelEvaluation:
    """Makes the evaluators of a model for its test sets.

    Each surface is loaded once, and the global variance is fitted once.
    """

    @configurable
    def __init__(
        self,
        model: nn.Module,
        *,
        dataset_names: Sequence[str],
        protocol: str = "strict",
        kappa_m: float = 0.0,
        recalibration: str = "",
        surface: str = "",
        variance_dataset: str | None = None,
        variance_loader: DataLoader | None = None,
    ):
        """
        Args:
            model: with weights.
            dataset_names: as registered.
            protocol, kappa_m, recalibration: see `checked_options`.
            surface: a surface file for all data sets, "" for their own.
            variance_dataset, variance_loader: the name and the batches of the data set to which the
                global variance is fitted; by default there is no global variance.

        Raises:
            ConfigError, RecalibrationError: see `checked_options`.
            SurfaceFileError: see `check_surfaces`.
        """
        self._options = checked_options(protocol, kappa_m, recalibration)
        path = {name: surface or dataset_surface_file(name) for name in dataset_names}
        loaded = {p: SurfaceDistance.load(p) for p in dict.fromkeys(path.values())}
        self._distance = {name: loaded[path[name]] for name in path}
        self._global_variance = measure_global_variance(model, variance_dataset, variance_loader)

    @classmethod
    def from_config(cls, cfg: CfgNode, model: nn.Module):
        options = cfg.DENSEPOSE_EVALUATION
        name, loader, count = None, None, options.GLOBAL_VARIANCE_IMAGES
        if cfg.DATASETS.TRAIN and cfg.DATASETS.TEST and count > 0:
            name = cfg.DATASETS.TRAIN[0]
            loader = inference_loader(cfg, spread_records(name, count))
        return {
            "model": model,
            "dataset_names": cfg.DATASETS.TEST,
            "protocol": options.PROTOCOL,
            "kappa_m": options.KAPPA,
            "recalibration": options.RECALIBRATION,
            "surface": options.SURFACE,
            "variance_dataset": name,
            "variance_loader": loader,
        }

    def surface(self, dataset_name: str) -> Surface:
        """The surface of a data set."""
        return self._distance[dataset_name].surface

    def in_detected_boxes(self, dataset_name: str, output_folder: str) -> DensePoseEvaluator:
        """An evaluator of the model's detections, which it writes into a folder."""
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


def check_evaluation(cfg: CfgNode) -> None:
    """Refuse a config with which a model cannot be trained or evaluated, before hours of training.

    Raises:
        ConfigError: a data set is not registered, and as `checked_options`.
        RecalibrationError: see `checked_options`.
        SurfaceFileError: see `check_surfaces`.
        FileNotFoundError, AnnotationFileError: see `check_test_sets`.
    """
    for key in ("TRAIN", "TEST"):
        for name in cfg.DATASETS[key]:
            if name not in DatasetCatalog:
                similar = difflib.get_close_matches(name, DatasetCatalog.list(), n=3)
                hint = f"did you mean {' or '.join(similar)}?" if similar else "register it first"
                raise ConfigError(f"DATASETS.{key}: {name!r} is not a registered data set; {hint}")
    options = cfg.DENSEPOSE_EVALUATION
    checked_options(options.PROTOCOL, options.KAPPA, options.RECALIBRATION)
    check_surfaces(cfg.DATASETS.TEST, options.SURFACE)
    check_test_sets(cfg.DATASETS.TEST)


def check_surfaces(dataset_names: Sequence[str], surface: str) -> None:
    """Refuse data sets without a surface on which distances can be measured.

    Args:
        dataset_names: as registered.
        surface: a surface file for all of them, "" for their own.

    Raises:
        SurfaceFileError: a data set has no surface, or its file is missing, malformed, or without
            distances.
    """
    for path in dict.fromkeys(surface or dataset_surface_file(name) for name in dataset_names):
        Surface.load(path).require_distances(path)


def checked_options(protocol: str, kappa_m: float, recalibration: str) -> dict:
    """Checked options of an evaluation, as arguments of `DensePoseEvaluator`.

    Args:
        protocol: a name in `PROTOCOLS`.
        kappa_m: the length scale of GPS for the whole body, metres; 0 for one a part.
        recalibration: a `Recalibration` file, "" for none.

    Raises:
        ConfigError: the protocol is unknown, or the length scale is negative or not finite.
        RecalibrationError: the file of the recalibration is missing or malformed.
    """
    if protocol not in PROTOCOLS:
        raise ConfigError(
            f"DENSEPOSE_EVALUATION.PROTOCOL is {protocol!r}, not one of {tuple(PROTOCOLS)}"
        )
    if not 0 <= kappa_m < math.inf:
        raise ConfigError(f"DENSEPOSE_EVALUATION.KAPPA is {kappa_m}, not metres above 0, or 0")
    return {
        "protocol": protocol,
        "kappa_m": kappa_m or None,
        "recalibration": Recalibration.named(recalibration),
    }


def measure_global_variance(
    model: nn.Module, dataset_name: str | None, loader: DataLoader | None
) -> float | None:
    """`evaluation.fit_global_variance` to a model's predictions in annotated boxes.

    Args:
        model: with weights.
        dataset_name: as registered. loader: batches of its images.

    Returns:
        Chart units², the same in all processes; None without a data set, or if no point was read.
    """
    if dataset_name is None or loader is None:
        return None
    fitted = inference_on_dataset(
        GroundTruthBoxModel.for_dataset(model, dataset_name),
        loader,
        GlobalVarianceEvaluator(dataset_name),
    )
    variance = comm.all_gather(fitted)[0]["global_variance"]["variance_uv"]
    logger.info(f"Global variance of {dataset_name}: {variance:.3g} chart units²")
    return None if math.isnan(variance) else variance
