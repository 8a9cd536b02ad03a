"""Making many images, in this process or in several."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import numpy as np
import torch

from uncertain_densepose.errors import UserError
from uncertain_densepose.surface import Surface

from .image import synthesise
from .person import PersonMaker
from .presets import SPLITS
from .scene_kind import SceneKind
from .shards import image_name, write_shard

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerError(UserError, RuntimeError):
    """An image could not be made. The message names it."""


@dataclasses.dataclass(frozen=True)
class ImageTask:
    """One image to make.

    Attributes:
        root: folder of the data set.
        seed: of the data set.
        split, index: which image.
        sizes: (width, height) to choose from.
        kind: of its scene.
    """

    root: str
    seed: int
    split: str
    index: int
    sizes: tuple[tuple[int, int], ...]
    kind: SceneKind


def make_images(
    tasks: Sequence[ImageTask],
    surface: Surface,
    surface_path: Path,
    workers: int,
    done: Callable[[], object],
) -> None:
    """Make images and store them as shards, in any order.

    Args:
        tasks: the images.
        surface: the embedded surface, and ``surface_path`` its file, which worker processes read.
        workers: processes; 1 is this one.
        done: called after each image.

    Raises:
        WorkerError: an image failed, or a worker died. Images finished before are kept.
    """
    if not tasks:
        return
    with _one_thread():
        # Also builds the body model's cache, which worker processes then find.
        maker = PersonMaker.create(surface)
        if workers == 1 or len(tasks) == 1:
            for task in tasks:
                with _naming(task):
                    _make_image(task, maker)
                done()
            return
        _make_in_pool(tasks, surface_path, min(workers, len(tasks)), done)


def _make_image(task: ImageTask, maker: PersonMaker) -> None:
    rng = np.random.default_rng([task.seed, SPLITS.index(task.split), task.index])
    width, height = task.sizes[int(rng.integers(len(task.sizes)))]
    image = synthesise(rng, maker, task.kind, width=width, height=height)
    write_shard(
        Path(task.root), task.split, task.index, image.jpeg, image.record, image.annotations
    )


def _make_in_pool(
    tasks: Sequence[ImageTask], surface_path: Path, workers: int, done: Callable[[], object]
) -> None:
    pool = concurrent.futures.ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(str(surface_path),),
    )
    try:
        futures = {pool.submit(_work, task): task for task in tasks}
        for future in concurrent.futures.as_completed(futures):
            with _naming(futures[future]):
                future.result()
            done()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_maker: PersonMaker | None = None


def _start_worker(surface_path: str) -> None:
    global _maker
    # Ctrl-C is the parent's affair: it stops handing out work, and what is begun is finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _maker = PersonMaker.create(Surface.load(surface_path))


def _work(task: ImageTask) -> None:
    _make_image(task, _maker)


@contextlib.contextmanager
def _naming(task: ImageTask) -> Iterator[None]:
    """Say which image an error belongs to."""
    name = image_name(task.split, task.index)
    try:
        yield
    except BrokenProcessPool as error:
        raise WorkerError(
            f"a worker process died (out of memory?) at or before image {name}; the images so far "
            "are kept: the same command goes on, perhaps with fewer workers"
        ) from error
    except (RuntimeError, ValueError, ArithmeticError, IndexError, KeyError) as error:
        raise WorkerError(f"image {name} of seed {task.seed} failed: {error}") from error


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """One thread a process: sums must not depend on how many there are, and cores are shared."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    torch_threads, cv2_threads = torch.get_num_threads(), cv2.getNumThreads()
    # For processes started from here; this one's libraries have read theirs already.
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(torch_threads)
        cv2.setNumThreads(cv2_threads)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
