"""Training of one cell: the same draws of people and flips for every model of a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from detectron2.config import CfgNode
from detectron2.solver import build_lr_scheduler
from detectron2.utils.events import EventStorage
from torch import nn

from uncertain_densepose.engine.optimizer import build_optimizer
from uncertain_densepose.errors import UserError
from uncertain_densepose.structures.chart_mirror import ChartMirror, SymmetricChartMirror
from uncertain_densepose.structures.point_convention import POINT_CONVENTIONS

from .crop_sets import CropSet, mirrored_pixels


class TrainingDiverged(UserError, ArithmeticError):
    """The loss is not finite; the message names the step."""


def draws(num_people: int, batch_size: int, seed: int) -> Iterator[tuple[list[int], list[bool]]]:
    """Endless batches: the people in each, and which of them are mirrored.

    Everyone is drawn once before anyone is drawn again; a batch may span two such rounds.

    Args:
        num_people: N, at least 1.
        batch_size: people in a batch.
        seed: the draws depend on it, on N and on the batch size alone.
    """
    generator = torch.Generator().manual_seed(seed)
    waiting: list[int] = []
    while True:
        while len(waiting) < batch_size:
            waiting += torch.randperm(num_people, generator=generator).tolist()
        flip = torch.rand(batch_size, generator=generator) < 0.5
        yield waiting[:batch_size], flip.tolist()
        del waiting[:batch_size]


class TrainingItems:
    """What a data set mapper would give for people of a set, mirrored or not.

    Args:
        crops: the set.
        mirror: of its charts.
        extent: the `dp_x` of the far edge of a box.
    """

    def __init__(self, crops: CropSet, mirror: ChartMirror, extent: float):
        self._crops = crops
        self._labels = {False: crops.labels, True: crops.labels.mirrored(mirror, extent)}

    def __call__(self, people: list[int], flip: list[bool]) -> list[dict]:
        """`image` (3, S, S) uint8 and `densepose` of each person."""
        return [self._item(person, mirrored) for person, mirrored in zip(people, flip, strict=True)]

    def _item(self, person: int, mirrored: bool) -> dict:
        image, coarse_segm = self._crops.image[person], self._crops.coarse_segm[person]
        if mirrored:
            image, coarse_segm = mirrored_pixels(image, coarse_segm)
        return {"image": image, "densepose": self._labels[mirrored].of_person(person, coarse_segm)}


def train_crop_model(
    cfg: CfgNode,
    model: nn.Module,
    crops: CropSet,
    seed: int,
    on_step: Callable[[], None],
    milestones: Mapping[int, Callable[[], None]],
) -> None:
    """Train a model for `SOLVER.MAX_ITER` steps.

    Args:
        cfg: solver and losses.
        model: in training mode; a :class:`CropDensePose`.
        crops: the training set.
        seed: of the draws.
        on_step: called after every step.
        milestones: number of steps taken to what is to be called then; the model is in training
            mode again when that returns.

    Raises:
        TrainingDiverged: a loss is not finite.
    """
    extent = POINT_CONVENTIONS[cfg.MODEL.ROI_DENSEPOSE_HEAD.POINT_CONVENTION].extent
    items = TrainingItems(crops, SymmetricChartMirror(), extent)
    optimizer = build_optimizer(cfg, model)
    scheduler = build_lr_scheduler(cfg, optimizer)
    stream = draws(len(crops), cfg.SOLVER.IMS_PER_BATCH, seed)
    with EventStorage(0) as storage:
        for step in range(cfg.SOLVER.MAX_ITER):
            losses = model(items(*next(stream)))
            total = sum(losses.values())
            if not torch.isfinite(total):
                raise TrainingDiverged(f"the loss is {total.item()} at step {step}")
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
            scheduler.step()
            storage.step()
            on_step()
            if step + 1 in milestones:
                milestones[step + 1]()
