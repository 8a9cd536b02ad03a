"""The batches of a training, in an order that does not depend on interruptions or workers."""

from __future__ import annotations

import itertools
import logging
import signal
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from detectron2.config import CfgNode, configurable
from detectron2.data import DatasetFromList, MetadataCatalog, get_detection_dataset_dicts
from detectron2.data.build import _train_loader_from_config, trivial_batch_collator
from detectron2.data.detection_utils import SizeMismatchError
from detectron2.data.samplers import TrainingSampler
from detectron2.engine import SimpleTrainer
from detectron2.utils import comm
from torch.utils.data import DataLoader, Dataset, Sampler

from ..errors import UserError
from .seeds import record_seed, training_seed

logger = logging.getLogger(f"detectron2.{__name__}")

MAX_UNREADABLE = 10
"""So many records in a row that cannot be read end the training: a folder has gone."""

_NOBODY = ("Dataset ", "No valid data found")
"""How Detectron2's `get_detection_dataset_dicts` says that nothing is left to train on."""

UNREADABLE = (OSError, SizeMismatchError)
"""What a mapper raises for a picture that is missing, truncated or of another size."""


class TrainingDataError(UserError, RuntimeError):
    """A record that cannot be trained on; the message names its file."""


class BatchPlan(Sampler):
    """Which records make up each batch of this process.

    Args:
        indices: an endless stream of indices of records.
        group: (N,) of each record; those of a batch are of one group.
        batch_size: records in a batch.

    Attributes:
        start: how many batches are passed over.
    """

    def __init__(self, indices: Iterable[int], group: Sequence[int], batch_size: int):
        self._indices, self._group, self._batch_size = indices, group, batch_size
        self.start = 0

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Batches of (position in the stream, index of the record)."""
        return itertools.islice(self._batches(), self.start, None)

    def _batches(self) -> Iterator[list[tuple[int, int]]]:
        waiting: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for position, index in enumerate(self._indices):
            group = self._group[index]
            waiting[group].append((position, index))
            if len(waiting[group]) == self._batch_size:
                yield waiting.pop(group)


@dataclass(frozen=True)
class _Outcome:
    """What became of a record in a worker.

    Attributes:
        data: what the mapper made; None where it failed.
        passed_over: files that could not be read and why, in whose place another record came.
        failure: one line that names the file. details: the traceback, where the mapper is at fault.
    """

    data: Any = None
    passed_over: tuple[tuple[str, str], ...] = ()
    failure: str = ""
    details: str = ""


class _SeededRecords(Dataset):
    """Maps records, each with random numbers of its own."""

    def __init__(self, records: Sequence[dict], mapper: Callable[[dict], dict], seed: int):
        self._records, self._mapper, self._seed = records, mapper, seed
        self._rank, self._world_size = comm.get_rank(), comm.get_world_size()

    def __getitem__(self, entry: tuple[int, int]) -> _Outcome:
        position, index = entry
        passed_over: list[tuple[str, str]] = []
        for place in range(index, index + MAX_UNREADABLE):
            record = self._records[place % len(self._records)]
            name = record.get("file_name", f"record {place}")
            try:
                with record_seed(self._seed, position * self._world_size + self._rank):
                    return _Outcome(self._mapper(record), tuple(passed_over))
            except UNREADABLE as error:
                passed_over.append((name, str(error).strip() or type(error).__name__))
            except Exception as error:  # noqa: BLE001 - reported by the main process, with its file
                failure = f"{name}: {type(error).__name__}: {error}"
                return _Outcome(failure=failure, details=traceback.format_exc())
        name, reason = passed_over[-1]
        return _Outcome(
            failure=f"{len(passed_over)} pictures in a row cannot be read, the last is {name}: "
            f"{reason}; see tools/check_annotations.py --images"
        )


class TrainLoader:
    """Endless batches of mapped records.

    Which records a batch has, and how they are augmented, follows from the seed and the number of
    the batch alone. A record that cannot be read is passed over for the next one of the data set,
    with a warning that names it.

    Args:
        records: of the data set.
        mapper: a data set mapper.
        plan: the batches.
        seed: of the training, at least 0.
        num_workers: processes that map records.
        options: of :class:`torch.utils.data.DataLoader`.

    Raises:
        TrainingDataError: by the iterator, when the mapper fails, or `MAX_UNREADABLE` records in a
            row cannot be read.
    """

    def __init__(
        self,
        records: Sequence[dict],
        mapper: Callable[[dict], dict],
        plan: BatchPlan,
        seed: int,
        num_workers: int = 0,
        **options,
    ):
        self.seed = seed
        self._plan = plan
        self._loader = DataLoader(
            _SeededRecords(records, mapper, seed),
            batch_sampler=plan,
            num_workers=num_workers,
            collate_fn=trivial_batch_collator,
            worker_init_fn=_leave_signals_to_parent,
            # Otherwise the first step after an interruption would draw one number more.
            generator=torch.Generator().manual_seed(seed),
            **options,
        )
        self._reported: set[str] = set()

    def start_at(self, iteration: int) -> None:
        """Begin with the batch of an iteration; those before were trained on."""
        self._plan.start = iteration

    def __iter__(self) -> Iterator[list[Any]]:
        for outcomes in self._loader:
            for outcome in outcomes:
                self._report(outcome)
            yield [outcome.data for outcome in outcomes]

    def _report(self, outcome: _Outcome) -> None:
        for name, reason in outcome.passed_over:
            if name not in self._reported:
                self._reported.add(name)
                logger.warning(
                    f"{name} cannot be read and is passed over ({reason}); "
                    f"{len(self._reported)} so far"
                )
        if outcome.failure:
            if outcome.details:
                logger.error(outcome.details)
            raise TrainingDataError(outcome.failure)


def _leave_signals_to_parent(worker: int) -> None:
    """Ctrl-C and a closed terminal reach workers too, whose batches the running step still needs.
    The parent ends them by SIGTERM."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def training_records(names: Sequence[str], **options: Any) -> list[dict]:
    """The records of training sets.

    Args:
        names: as registered.
        options: of Detectron2's `get_detection_dataset_dicts`.

    Raises:
        TrainingDataError: none of them shows a person to train on; the message names the files.
    """
    try:
        return get_detection_dataset_dicts(names, **options)
    except AssertionError as error:
        if not str(error).startswith(_NOBODY):
            raise
        # Detectron2 names the data sets alone.
        files = (MetadataCatalog.get(name).get("json_file", name) for name in names)
        raise TrainingDataError(
            f"{', '.join(files)}: no image has a person to train on, or with MODEL.KEYPOINT_ON "
            "enough keypoints; see tools/check_annotations.py"
        ) from error


def _from_config(cfg: CfgNode, mapper=None, *, dataset=None, sampler=None) -> dict[str, Any]:
    seed = training_seed(cfg.SEED)
    if dataset is None:
        keypoints = cfg.MODEL.ROI_KEYPOINT_HEAD.MIN_KEYPOINTS_PER_IMAGE
        dataset = training_records(
            cfg.DATASETS.TRAIN,
            filter_empty=cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS,
            min_keypoints=keypoints if cfg.MODEL.KEYPOINT_ON else 0,
            proposal_files=cfg.DATASETS.PROPOSAL_FILES_TRAIN if cfg.MODEL.LOAD_PROPOSALS else None,
        )
    # Detectron2's samplers take their seeds from numpy's generator.
    with record_seed(seed, 0):
        options = _train_loader_from_config(cfg, mapper, dataset=dataset, sampler=sampler)
    return options | {"seed": seed}


@configurable(from_config=_from_config)
def build_train_loader(
    dataset: list[dict],
    *,
    mapper: Callable[[dict], dict],
    sampler: Sampler | None = None,
    total_batch_size: int,
    aspect_ratio_grouping: bool = True,
    num_workers: int = 0,
    seed: int | None = None,
    **options,
) -> TrainLoader:
    """Detectron2's `build_detection_train_loader`, which a resumed training continues.

    Args:
        dataset: records.
        mapper, sampler, total_batch_size, aspect_ratio_grouping, num_workers, options: see
            `build_detection_train_loader`.
        seed: of order and augmentation; by default, or below 0, a random one.

    Raises:
        TrainingDataError: there are no records, or their batch cannot be shared out among the
            processes.
    """
    world_size = comm.get_world_size()
    if not dataset:
        raise TrainingDataError("the training set has no picture with a labelled person")
    if total_batch_size < world_size or total_batch_size % world_size:
        raise TrainingDataError(
            f"a batch of {total_batch_size} pictures (SOLVER.IMS_PER_BATCH) cannot be shared out "
            f"among {world_size} processes; give a multiple of {world_size}"
        )
    seed = training_seed(seed)
    sampler = TrainingSampler(len(dataset), seed=seed) if sampler is None else sampler
    group = np.zeros(len(dataset), dtype=bool)
    if aspect_ratio_grouping:
        group = np.array([record["width"] > record["height"] for record in dataset])
    plan = BatchPlan(sampler, group.tolist(), total_batch_size // world_size)
    records = DatasetFromList(dataset, copy=False)
    return TrainLoader(records, mapper, plan, seed, num_workers, **options)


def loader_seed(loader: object, seed: int | None) -> int:
    """The seed of a training with this loader: its own, or of another kind of loader the one that
    was asked for, see `training_seed`."""
    return loader.seed if isinstance(loader, TrainLoader) else training_seed(seed)


def continue_loader(
    loop: SimpleTrainer, iteration: int, seed: int, build: Callable[[int], TrainLoader]
) -> None:
    """Let a resumed training begin with the batch that it had come to.

    A loader of another kind begins with the first pictures again; a warning says so.

    Args:
        loop: has the loader.
        iteration: the first to come.
        seed: of the training that goes on. It may be another than the loader's, where that is
            random or the config has changed.
        build: makes the loader of a seed.
    """
    loader = loop.data_loader
    if not isinstance(loader, TrainLoader):
        logger.warning(
            f"the training loader is a {type(loader).__name__}, which begins with the first "
            "pictures again; see engine.train_loader.build_train_loader"
        )
        return
    if loader.seed != seed:
        loop.reset_data_loader(lambda: build(seed))
    loop.data_loader.start_at(iteration)
