"""Training and testing with Detectron2's LazyConfig, from the same parts as `Trainer`.

A config has Detectron2's `model`, `optimizer`, `lr_multiplier`, `train` and `dataloader`, and
`evaluation`, a call of `ModelEvaluation` without its model. `dataloader.evaluator` measures what is
not dense pose.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path

from detectron2.config import instantiate
from detectron2.engine import TrainerBase, default_writers, hooks
from detectron2.utils import comm
from omegaconf import DictConfig
from torch import nn

from ..checkpoint import ParentCheckpointer, SafeCheckpointer
from ..evaluation.ground_truth.test_set_check import check_test_sets
from .box_evaluation import evaluate_in_boxes
from .finite_steps import FiniteAMPTrainer, FiniteTrainer
from .folder_lock import FolderLock
from .interruption import SaveOnSignal
from .model_evaluation import check_surfaces, checked_options
from .parallel import parallel_model, share_buffers, without_wrapper
from .seeds import StepSeed
from .train_loader import TrainLoader, continue_loader, loader_seed


def check_lazy_config(cfg: DictConfig) -> None:
    """Refuse a config with which a model cannot be evaluated, before hours of training.

    Raises:
        ConfigError, RecalibrationError, SurfaceFileError, FileNotFoundError, AnnotationFileError:
            as `model_evaluation.check_evaluation`.
    """
    options = cfg.evaluation
    checked_options(options.protocol, options.kappa_m, options.recalibration)
    check_surfaces([cfg.dataloader.test.dataset.names], options.surface)
    check_test_sets([cfg.dataloader.test.dataset.names])


def evaluate_lazy_config(cfg: DictConfig, model: nn.Module) -> OrderedDict:
    """Test a model on the data set of `dataloader.test`; see `evaluate_in_boxes`."""
    model = without_wrapper(model)
    cfg.evaluation.model = model
    evaluation = instantiate(cfg.evaluation)
    name = cfg.dataloader.test.dataset.names
    return evaluate_in_boxes(
        model,
        instantiate(cfg.dataloader.test),
        name,
        evaluation,
        instantiate(cfg.dataloader.evaluator),
        os.path.join(cfg.train.output_dir, "inference", name),
        cfg.train.output_dir,
    )


def train_lazy_config(cfg: DictConfig, resume: bool) -> OrderedDict:
    """Train from `train.init_checkpoint`, or with `resume` from the last checkpoint; the results of
    the last test, {task: {metric: value}}.

    Raises:
        ConfigError, RecalibrationError, SurfaceFileError: as `check_lazy_config`.
        WeightsError: as `SafeCheckpointer`.
    """
    check_lazy_config(cfg)
    trainer, checkpointer = build_trainer(cfg)
    start = 0
    if resume and checkpointer.has_checkpoint():
        checkpointer.resume()
        start = trainer.iter + 1
        if start >= cfg.train.max_iter:
            checkpointer.save_final(trainer.iter)

        def loader_of_seed(seed: int) -> TrainLoader:
            cfg.dataloader.train.seed = seed
            return instantiate(cfg.dataloader.train)

        continue_loader(trainer, start, trainer.step_seed.seed, loader_of_seed)
    else:
        ParentCheckpointer(trainer.model).load(cfg.train.init_checkpoint)
    trainer.train(start, cfg.train.max_iter)
    return trainer.last_results


def build_trainer(cfg: DictConfig) -> tuple[TrainerBase, SafeCheckpointer]:
    """The training loop of a config with Detectron2's hooks, and its checkpointer.

    The loop has the attributes `last_results`, what its last test returned, and `step_seed`.
    """
    model = instantiate(cfg.model).to(cfg.train.device)
    cfg.optimizer.params.model = model
    optimizer = instantiate(cfg.optimizer)
    model = parallel_model(model, **cfg.train.ddp)
    loop = FiniteAMPTrainer if cfg.train.amp.enabled else FiniteTrainer
    loader = instantiate(cfg.dataloader.train)
    trainer = loop(model, loader, optimizer, max_skipped=cfg.train.max_skipped_steps)
    trainer.last_results = OrderedDict()
    trainer.step_seed = StepSeed(loader_seed(loader, cfg.train.seed))
    checkpointer = SafeCheckpointer(model, cfg.train.output_dir, trainer=trainer)

    def test() -> OrderedDict:
        share_buffers(model)
        trainer.last_results = evaluate_lazy_config(cfg, model)
        return trainer.last_results

    steps = [
        FolderLock(Path(cfg.train.output_dir)),
        trainer.step_seed,
        hooks.IterationTimer(),
        hooks.LRScheduler(scheduler=instantiate(cfg.lr_multiplier)),
        SaveOnSignal(checkpointer),
    ]
    if comm.is_main_process():
        steps.append(hooks.PeriodicCheckpointer(checkpointer, **cfg.train.checkpointer))
    steps.append(hooks.EvalHook(cfg.train.eval_period, test))
    if comm.is_main_process():
        writers = default_writers(cfg.train.output_dir, cfg.train.max_iter)
        steps.append(hooks.PeriodicWriter(writers, period=cfg.train.log_period))
    trainer.register_hooks(steps)
    return trainer, checkpointer
