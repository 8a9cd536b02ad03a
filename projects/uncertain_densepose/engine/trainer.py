"""Detectron2's trainer with the data mapper and the evaluators of dense pose."""

from __future__ import annotations

import logging
import os
import weakref
from collections import OrderedDict
from pathlib import Path

from detectron2.config import CfgNode
from detectron2.engine import DefaultTrainer, TrainerBase, hooks
from detectron2.evaluation import DatasetEvaluators, inference_on_dataset
from detectron2.utils import comm
from detectron2.utils.file_io import PathManager
from detectron2.utils.logger import setup_logger
from torch import nn

from ..checkpoint import ParentCheckpointer, SafeCheckpointer, TrainedCheckpointer
from ..config import ConfigError, check_training_data
from ..data import DensePoseDatasetMapper
from ..data.mapper import chart_mirror_of
from ..evaluation import PersonBoxEvaluator
from ..modeling.augmented_inference import DensePoseRCNNWithTTA
from ..weights_file import WeightsError
from .box_evaluation import evaluate_in_boxes, report_evaluation
from .finite_steps import FiniteAMPTrainer, FiniteTrainer
from .folder_lock import FolderLock
from .interruption import SaveOnSignal
from .model_evaluation import ModelEvaluation, check_evaluation
from .optimizer import build_optimizer
from .parallel import parallel_model, share_buffers, without_wrapper
from .seeds import StepSeed
from .train_loader import TrainLoader, build_train_loader, continue_loader, loader_seed
from .train_record import TrainRecord


class Trainer(DefaultTrainer):
    """`DefaultTrainer` for dense pose.

    Every evaluation writes `metrics_<data set>.json` and the figures `figures_<data set>/` into the
    output folder. The one after the last iteration is `evaluate`, others are `test`.

    Raises:
        ConfigError, RecalibrationError, SurfaceFileError: see `check_evaluation`.
    """

    def __init__(self, cfg: CfgNode):
        # Before hours of training.
        check_evaluation(cfg)
        # Not `DefaultTrainer.__init__`, which cannot train in several processes on CPUs and makes a
        # checkpointer that runs code from files.
        TrainerBase.__init__(self)
        if not logging.getLogger("detectron2").isEnabledFor(logging.INFO):
            setup_logger()
        if cfg.SOLVER.AMP.ENABLED and cfg.MODEL.DEVICE == "cpu":
            raise ConfigError("SOLVER.AMP.ENABLED needs a GPU, and MODEL.DEVICE is cpu")
        cfg = self.auto_scale_workers(cfg, comm.get_world_size())
        model = self.build_model(cfg)
        optimizer = self.build_optimizer(cfg, model)
        loader = self.build_train_loader(cfg)
        model = parallel_model(model, broadcast_buffers=False)
        loop = FiniteAMPTrainer if cfg.SOLVER.AMP.ENABLED else FiniteTrainer
        self._trainer = loop(model, loader, optimizer, max_skipped=cfg.SOLVER.MAX_SKIPPED_STEPS)
        self._step_seed = StepSeed(loader_seed(loader, cfg.SEED))
        self.scheduler = self.build_lr_scheduler(cfg, optimizer)
        self.checkpointer = SafeCheckpointer(model, cfg.OUTPUT_DIR, trainer=weakref.proxy(self))
        self.start_iter = 0
        self.max_iter = cfg.SOLVER.MAX_ITER
        self.cfg = cfg
        self.register_hooks(self.build_hooks())

    def build_hooks(self) -> list[hooks.HookBase]:
        """Detectron2's, with `evaluate` after the last iteration, and those of this package."""
        built = [hook for hook in super().build_hooks() if hook is not None]
        (index,) = (k for k, hook in enumerate(built) if isinstance(hook, hooks.EvalHook))
        built[index] = hooks.EvalHook(self.cfg.TEST.EVAL_PERIOD, self._evaluate_now)
        saves = [isinstance(hook, hooks.PeriodicCheckpointer) for hook in built]
        built.insert(saves.index(True) if any(saves) else index, SaveOnSignal(self.checkpointer))
        lock = FolderLock(Path(self.cfg.OUTPUT_DIR))
        return [lock, TrainRecord(self.cfg), self._step_seed, *built]

    def resume_or_load(self, resume: bool = True) -> None:
        """As `DefaultTrainer.resume_or_load`; `MODEL.WEIGHTS` may be of a simpler noise model.

        A resumed training goes on as if it had not been interrupted: on one machine, on CPUs, to
        the last bit.

        Raises:
            WeightsError: as `SafeCheckpointer`.
            OptimizerMismatch: the checkpoint belongs to another optimiser.
        """
        if not (resume and self.checkpointer.has_checkpoint()):
            ParentCheckpointer(self.model).load(self.cfg.MODEL.WEIGHTS)
            return
        self.checkpointer.resume()
        self.start_iter = self.iter + 1
        if self.start_iter >= self.max_iter:
            self.checkpointer.save_final(self.iter)
        continue_loader(self._trainer, self.start_iter, self._step_seed.seed, self._loader_of_seed)

    def _loader_of_seed(self, seed: int) -> TrainLoader:
        cfg = self.cfg.clone()
        cfg.defrost()
        cfg.SEED = seed
        return self.build_train_loader(cfg)

    def _evaluate_now(self) -> OrderedDict:
        last = self.iter + 1 >= self.max_iter
        evaluation = self.evaluate if last else self.test
        share_buffers(self.model)
        # The attribute of `DefaultTrainer` that its `train` returns.
        self._last_eval_results = evaluation(self.cfg, self.model)
        return self._last_eval_results

    @classmethod
    def build_train_loader(cls, cfg: CfgNode) -> TrainLoader:
        """The batches of `DATASETS.TRAIN` with :class:`DensePoseDatasetMapper`.

        Raises:
            ConfigError: see `check_training_data`.
            TrainingDataError: see `build_train_loader`.
        """
        check_training_data(cfg)
        return build_train_loader(cfg, mapper=DensePoseDatasetMapper(cfg, is_train=True))

    @classmethod
    def build_optimizer(cls, cfg: CfgNode, model: nn.Module):
        """The optimiser that `SOLVER.OPTIMIZER` names."""
        return build_optimizer(cfg, model)

    @classmethod
    def build_evaluator(cls, cfg: CfgNode, dataset_name: str, output_folder: str | None = None):
        """What is measured besides dense pose: box AP.

        Args:
            cfg: the config of the model.
            dataset_name: as registered.
            output_folder: for the files of evaluators; by default one in `OUTPUT_DIR`.
        """
        folder = output_folder or _inference_folder(cfg, dataset_name)
        return PersonBoxEvaluator(dataset_name, output_dir=folder)

    @classmethod
    def evaluate(cls, cfg: CfgNode, model: nn.Module) -> OrderedDict:
        """The results of `test` and, with `TEST.AUG.ENABLED`, those of `test_with_TTA`."""
        if not cfg.TEST.AUG.ENABLED:
            return cls.test(cfg, model)
        evaluation = ModelEvaluation(cfg, without_wrapper(model))
        results = cls._test(cfg, model, evaluation)
        # Not `test_with_TTA`, which Detectron2's own train script replaces.
        results.update(cls._test_augmented(cfg, model, evaluation))
        return results

    @classmethod
    def test(cls, cfg: CfgNode, model: nn.Module, evaluators=None) -> OrderedDict:
        """Evaluate a model on `DATASETS.TEST`.

        Args:
            cfg: its config.
            model: with weights.
            evaluators: if given, they replace our own, as in `DefaultTrainer.test`.

        Returns:
            {task: {metric: value}}; with several data sets, one such dict by name.
        """
        if evaluators is not None:
            return super().test(cfg, model, evaluators)
        return cls._test(cfg, model, ModelEvaluation(cfg, without_wrapper(model)))

    @classmethod
    def _test(cls, cfg: CfgNode, model: nn.Module, evaluation: ModelEvaluation) -> OrderedDict:
        model = without_wrapper(model)
        results = OrderedDict()
        for name in cfg.DATASETS.TEST:
            loader = cls.build_test_loader(cfg, name)
            folder = _inference_folder(cfg, name)
            besides = cls.build_evaluator(cfg, name)
            results[name] = evaluate_in_boxes(
                model, loader, name, evaluation, besides, folder, cfg.OUTPUT_DIR
            )
        return next(iter(results.values())) if len(results) == 1 else results

    @classmethod
    def test_with_TTA(cls, cfg: CfgNode, model: nn.Module) -> OrderedDict:
        """Evaluate a model with test-time augmentation, in the boxes that it detects.

        Metrics and figures have "_TTA" after the name of the data set.

        Args:
            cfg: its config; `TEST.AUG` has the augmentations.
            model: with weights.

        Returns:
            As :meth:`test`, with "_TTA" after every key.
        """
        return cls._test_augmented(cfg, model, ModelEvaluation(cfg, without_wrapper(model)))

    @classmethod
    def _test_augmented(
        cls, cfg: CfgNode, model: nn.Module, evaluation: ModelEvaluation
    ) -> OrderedDict:
        mirror = None
        if cfg.TEST.AUG.FLIP:
            mirror = chart_mirror_of(cfg.DATASETS.TRAIN or cfg.DATASETS.TEST)
        augmented = DensePoseRCNNWithTTA(cfg, model, mirror)
        # The image at its own size: augmentations resize it.
        unresized = cfg.clone()
        unresized.defrost()
        unresized.INPUT.MIN_SIZE_TEST = 0
        results = OrderedDict()
        for name in cfg.DATASETS.TEST:
            folder = _inference_folder(cfg, name, "inference_TTA")
            detected = evaluation.in_detected_boxes(name, folder)
            evaluator = DatasetEvaluators([cls.build_evaluator(cfg, name, folder), detected])
            loader = cls.build_test_loader(unresized, name)
            results[name] = inference_on_dataset(augmented, loader, evaluator) or OrderedDict()
            points = {"detected boxes": detected.totals}
            surface = evaluation.surface(name)
            report_evaluation(cfg.OUTPUT_DIR, f"{name}_TTA", results[name], points, surface)
        found = next(iter(results.values())) if len(results) == 1 else results
        return OrderedDict((f"{key}_TTA", value) for key, value in found.items())

    @staticmethod
    def load_weights(cfg: CfgNode, model: nn.Module, resume: bool = False) -> int:
        """Load the weights to evaluate: `MODEL.WEIGHTS`, or with `resume` the last checkpoint.

        Returns:
            The iteration of the training, 0 if the file does not have it.

        Raises:
            WeightsError: the file is missing, or as `SafeCheckpointer`.
        """
        return load_weights_to_evaluate(model, cfg.MODEL.WEIGHTS, cfg.OUTPUT_DIR, resume)


def load_weights_to_evaluate(model: nn.Module, path: str, output_dir: str, resume: bool) -> int:
    """Load the weights to evaluate from a file, or with `resume` from the last checkpoint of an
    output folder; see `Trainer.load_weights`."""
    checkpointer = TrainedCheckpointer(model, save_dir=output_dir)
    if resume and checkpointer.has_checkpoint():
        path = checkpointer.get_checkpoint_file()
    if not path or not ("://" in path or PathManager.isfile(path)):
        raise WeightsError(
            f"MODEL.WEIGHTS (of a lazy config: train.init_checkpoint) is {path!r}, which is not a "
            "file; give the checkpoint to evaluate, such as output/demo/model_final.pth"
        )
    return int(checkpointer.load(path).get("iteration", 0))


def _inference_folder(cfg: CfgNode, dataset_name: str, kind: str = "inference") -> str:
    """The folder for what evaluators write of a data set."""
    return os.path.join(cfg.OUTPUT_DIR, kind, dataset_name)
