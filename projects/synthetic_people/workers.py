"""Making many images, in this process or in several."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import numpy as np
import torch

from uncertain_densepose.errors import UserError
from uncertain_densepose.process_pool import run_tasks
from uncertain_densepose.surface import Surface

from .backgrounds import PhotographedSurroundings, Surroundings, painted_surroundings
from .image import synthesise
from .person import PersonMaker
from .presets import SPLITS
from .scene_kind import SceneKind
from .shards import image_name, write_shard


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
        backgrounds: folder of pictures to put behind people, and their names in it; without one
            backgrounds are painted.
    """

    root: str
    seed: int
    split: str
    index: int
    sizes: tuple[tuple[int, int], ...]
    kind: SceneKind
    backgrounds: tuple[str, tuple[str, ...]] | None = None


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
        ValueError: the surface is not that of the installed body model.
        WorkerError: an image failed, or a worker died. Images finished before are kept.
    """
    if not tasks:
        return
    with _one_thread():
        # Also builds the body model's cache, which worker processes then find.
        _makers[str(surface_path)] = PersonMaker.create(surface)
    work = functools.partial(_make_named_image, str(surface_path))
    try:
        run_tasks(work, tasks, min(workers, len(tasks)), lambda _: done())
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process died (out of memory?); the images so far are kept: the same command "
            "goes on, perhaps with fewer workers"
        ) from error


_makers: dict[str, PersonMaker] = {}
"""What this process makes people with, by the file of the surface."""


def _make_named_image(surface_path: str, task: ImageTask) -> None:
    """Make an image; errors say which."""
    try:
        with _one_thread():
            if surface_path not in _makers:
                _makers[surface_path] = PersonMaker.create(Surface.load(surface_path))
            _make_image(task, _makers[surface_path])
    except (RuntimeError, ValueError, ArithmeticError, IndexError, KeyError) as error:
        name = image_name(task.split, task.index)
        raise WorkerError(f"image {name} of seed {task.seed} failed: {error}") from error


def _make_image(task: ImageTask, maker: PersonMaker) -> None:
    rng = np.random.default_rng([task.seed, SPLITS.index(task.split), task.index])
    width, height = task.sizes[int(rng.integers(len(task.sizes)))]
    surroundings = _surroundings(task.backgrounds)
    image = synthesise(rng, maker, task.kind, width=width, height=height, surroundings=surroundings)
    write_shard(
        Path(task.root), task.split, task.index, image.jpeg, image.record, image.annotations
    )


@functools.lru_cache(1)
def _surroundings(backgrounds: tuple[str, tuple[str, ...]] | None) -> Surroundings:
    """What this process puts around people; it keeps the pictures that it has read."""
    if backgrounds is None:
        return painted_surroundings
    folder, names = backgrounds
    return PhotographedSurroundings(Path(folder), names)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """One thread a process: sums must not depend on how many there are, and cores are shared."""
    torch_threads, cv2_threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(torch_threads)
        cv2.setNumThreads(cv2_threads)
