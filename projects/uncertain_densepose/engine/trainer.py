"""Detectron2's trainer with the data mapper and the evaluators of dense pose."""

from __future__ import annotations

import os
import weakref
from collections import OrderedDict
from collections.abc import Mapping

from detectron2.config import CfgNode
from detectron2.data import build_detection_train_loader
from detectron2.engine import DefaultTrainer, hooks
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

from ..checkpoint import SafeCheckpointer, WeightsError
from ..data import DensePoseDatasetMapper
from ..data.mapper import chart_mirror_of
from ..evaluation import DensePoseEvaluator, GroundTruthBoxModel
from ..evaluation.metrics_file import write_metrics
from ..evaluation.point_totals import PointTotals
from ..modeling.test_time_augmentation import DensePoseRCNNWithTTA
from ..surface import Surface
from ..visualization.evaluation_figures import (
    draw_calibration_figures,
    draw_correspondence_figures,
)
from .model_evaluation import ModelEvaluation, evaluation_options
from .optimizer import build_optimizer
from .train_record import TrainRecord


class Trainer(DefaultTrainer):
    """`DefaultTrainer` for dense pose.

    Every evaluation writes `metrics_<data set>.json` and the figures of `figures_<data set>/` into
    the output folder; that after the last iteration is an `evaluate`.

    Raises:
        ConfigError, RecalibrationError: see `evaluation_options`.
    """

    def __init__(self, cfg: CfgNode):
        # Not only after hours of training.
        evaluation_options(cfg)
        super().__init__(cfg)

    def build_hooks(self) -> list[hooks.HookBase]:
        """Detectron2's, with `evaluate` after the last iteration and a `TrainRecord`."""
        # Here and not in the constructor: the hooks that save checkpoints take hold of it.
        self.checkpointer = SafeCheckpointer(
            self.model, self.cfg.OUTPUT_DIR, trainer=weakref.proxy(self)
        )
        built = super().build_hooks()
        (index,) = (k for k, hook in enumerate(built) if isinstance(hook, hooks.EvalHook))
        built[index] = hooks.EvalHook(self.cfg.TEST.EVAL_PERIOD, self._evaluate_now)
        return [TrainRecord(self.cfg), *built]

    def _evaluate_now(self) -> OrderedDict:
        last = self.iter + 1 >= self.max_iter
        evaluation = self.evaluate if last else self.test
        # The attribute of `DefaultTrainer` that its `train` returns.
        self._last_eval_results = evaluation(self.cfg, self.model)
        return self._last_eval_results

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
        output_folder: str | None = None,
        densepose: DensePoseEvaluator | None = None,
    ):
        """Box AP, and what is measured of dense pose in detected boxes.

        Args:
            cfg: the config of the model.
            dataset_name: as registered.
            output_folder: for the files of evaluators, by default one in the output folder.
            densepose: the evaluator of dense pose, by default one without a global variance.
        """
        folder = output_folder or _inference_folder(cfg, dataset_name)
        if densepose is None:
            surface = cfg.DENSEPOSE_EVALUATION.SURFACE or None
            densepose = DensePoseEvaluator(
                dataset_name, surface=surface, output_dir=folder, **evaluation_options(cfg)
            )
        boxes = COCOEvaluator(dataset_name, tasks=("bbox",), output_dir=folder)
        return DatasetEvaluators([boxes, densepose])

    @classmethod
    def evaluate(cls, cfg: CfgNode, model: nn.Module) -> OrderedDict:
        """The results of `test` and, with `TEST.AUG.ENABLED`, those of `test_with_TTA`."""
        shared = ModelEvaluation(cfg, _without_wrapper(model))
        results = cls.test(cfg, model, shared=shared)
        if cfg.TEST.AUG.ENABLED:
            results.update(cls.test_with_TTA(cfg, model, shared))
        return results

    @classmethod
    def test(
        cls,
        cfg: CfgNode,
        model: nn.Module,
        evaluators=None,
        shared: ModelEvaluation | None = None,
    ) -> OrderedDict:
        """Evaluate a model on `DATASETS.TEST`.

        Args:
            cfg: its config.
            model: with weights.
            evaluators: given, they replace all of the evaluation, as in `DefaultTrainer.test`.
            shared: what other evaluations of the model need too, made here by default.

        Returns:
            {task: {metric: value}}, one such dict a data set if there are several.
        """
        if evaluators is not None:
            return super().test(cfg, model, evaluators)
        model = _without_wrapper(model)
        shared = shared or ModelEvaluation(cfg, model)
        results = OrderedDict()
        for name in cfg.DATASETS.TEST:
            loader = cls.build_test_loader(cfg, name)
            folder = _inference_folder(cfg, name)
            detected = shared.in_detected_boxes(name, folder)
            annotated = shared.in_annotated_boxes(name)
            evaluator = cls.build_evaluator(cfg, name, folder, detected)
            results[name] = inference_on_dataset(model, loader, evaluator) or OrderedDict()
            in_annotated_boxes = GroundTruthBoxModel.for_dataset(model, name)
            results[name].update(inference_on_dataset(in_annotated_boxes, loader, annotated) or {})
            points = {"detected boxes": detected.totals, "annotated boxes": annotated.totals}
            _report(cfg, name, results[name], points, shared.surface(name))
        return next(iter(results.values())) if len(results) == 1 else results

    @classmethod
    def test_with_TTA(
        cls, cfg: CfgNode, model: nn.Module, shared: ModelEvaluation | None = None
    ) -> OrderedDict:
        """Evaluate a model with test-time augmentation, in the boxes that it detects.

        Metrics and figures have "_TTA" after the name of the data set.

        Args:
            cfg: its config; `TEST.AUG` says which augmentations there are.
            model: with weights.
            shared: what other evaluations of the model need too, made here by default.

        Returns:
            As :meth:`test`, with "_TTA" after every key.
        """
        mirror = None
        if cfg.TEST.AUG.FLIP:
            mirror = chart_mirror_of(cfg.DATASETS.TRAIN or cfg.DATASETS.TEST)
        augmented = DensePoseRCNNWithTTA(cfg, model, mirror)
        shared = shared or ModelEvaluation(cfg, augmented.model)
        # Of the image at its own size, for augmentations resize it.
        unresized = cfg.clone()
        unresized.defrost()
        unresized.INPUT.MIN_SIZE_TEST = 0
        results = OrderedDict()
        for name in cfg.DATASETS.TEST:
            folder = _inference_folder(cfg, name, "inference_TTA")
            detected = shared.in_detected_boxes(name, folder)
            evaluator = cls.build_evaluator(cfg, name, folder, detected)
            loader = cls.build_test_loader(unresized, name)
            results[name] = inference_on_dataset(augmented, loader, evaluator) or OrderedDict()
            points = {"detected boxes": detected.totals}
            _report(cfg, f"{name}_TTA", results[name], points, shared.surface(name))
        found = next(iter(results.values())) if len(results) == 1 else results
        return OrderedDict((f"{key}_TTA", value) for key, value in found.items())

    @staticmethod
    def load_weights(cfg: CfgNode, model: nn.Module, resume: bool = False) -> int:
        """Load the weights to evaluate: `MODEL.WEIGHTS`, or with `resume` the last checkpoint.

        Returns:
            The iteration that they are from, 0 if the file does not say it.

        Raises:
            WeightsError: for a missing file, or as `SafeCheckpointer`.
        """
        checkpointer = SafeCheckpointer(model, save_dir=cfg.OUTPUT_DIR)
        resumed = resume and checkpointer.has_checkpoint()
        path = checkpointer.get_checkpoint_file() if resumed else cfg.MODEL.WEIGHTS
        if not path or not ("://" in path or PathManager.isfile(path)):
            raise WeightsError(
                f"MODEL.WEIGHTS is {path!r}, which is no file; give the checkpoint to evaluate, "
                "such as `MODEL.WEIGHTS output/demo/model_final.pth`"
            )
        return int(checkpointer.load(path).get("iteration", 0))


def _without_wrapper(model: nn.Module) -> nn.Module:
    return model.module if isinstance(model, DistributedDataParallel) else model


def _inference_folder(cfg: CfgNode, dataset_name: str, kind: str = "inference") -> str:
    """For what evaluators write of a data set."""
    return os.path.join(cfg.OUTPUT_DIR, kind, dataset_name)


def _report(
    cfg: CfgNode,
    name: str,
    results: OrderedDict,
    points: Mapping[str, PointTotals],
    surface: Surface,
) -> None:
    """Print results, write them as strict JSON, null where there was nothing to measure, and draw
    the figures of the sums over points that they come from."""
    if not comm.is_main_process():
        return
    print_csv_format(results)
    write_metrics(os.path.join(cfg.OUTPUT_DIR, f"metrics_{name}.json"), results)
    folder = os.path.join(cfg.OUTPUT_DIR, f"figures_{name}")
    correspondence = {boxes: totals.correspondence for boxes, totals in points.items()}
    draw_correspondence_figures(folder, correspondence, surface)
    calibration = {boxes: totals.calibration for boxes, totals in points.items()}
    draw_calibration_figures(folder, calibration)
