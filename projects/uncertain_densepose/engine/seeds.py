"""Random numbers that a seed and a position decide, so that a resumed training draws the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from detectron2.engine import HookBase
from detectron2.utils import comm

_STEP, _RECORD = 0, 1
"""Streams of one seed that must differ."""


def _numbers(seed: int, stream: int, *place: int) -> tuple[int, int, int]:
    """Seeds of Python's, numpy's and torch's generators."""
    a, b, c = np.random.SeedSequence((seed, stream, *place)).generate_state(3)
    return int(a), int(b), int(c)


def training_seed(seed: int | None) -> int:
    """The seed of a training: the one that was asked for, or for None and below 0 a random one that
    all processes share."""
    return comm.shared_random_seed() if seed is None or seed < 0 else seed


@contextmanager
def record_seed(seed: int, position: int) -> Iterator[None]:
    """Augmentation of one training record draws from its own seed; generators are put back after.

    Args:
        seed: of the training, at least 0.
        position: of the record in the order that all processes share.
    """
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    of_python, of_numpy, of_torch = _numbers(seed, _RECORD, position)
    random.seed(of_python)
    np.random.seed(of_numpy)
    # `torch.manual_seed` would reach for the GPUs as well, from each worker.
    torch.default_generator.manual_seed(of_torch)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


class StepSeed(HookBase):
    """Seeds all generators before each step, from the iteration and the process.

    What a step draws (sampled proposals, dropout) then does not depend on what was drawn before,
    such as by the evaluations between. The state holds the seed, so that a training with a random
    one goes on with it.

    Args:
        seed: of the training, at least 0.
    """

    def __init__(self, seed: int):
        self.seed = seed

    def before_step(self) -> None:
        place = self.trainer.iter, comm.get_rank()
        of_python, of_numpy, of_torch = _numbers(self.seed, _STEP, *place)
        random.seed(of_python)
        np.random.seed(of_numpy)
        torch.manual_seed(of_torch)

    def state_dict(self) -> dict:
        """The seed."""
        return {"seed": self.seed}

    def load_state_dict(self, state: dict) -> None:
        """Take over the seed of the training that goes on."""
        self.seed = int(state["seed"])
