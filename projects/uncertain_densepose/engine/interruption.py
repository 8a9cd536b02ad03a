"""A training that is told to end saves a checkpoint first."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from types import FrameType

from detectron2.checkpoint import DetectionCheckpointer
from detectron2.engine import HookBase
from detectron2.utils import comm

from .parallel import any_process

logger = logging.getLogger(f"detectron2.{__name__}")

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class SaveOnSignal(HookBase):
    """At SIGTERM, SIGHUP or SIGINT, saves a checkpoint and ends the process with 128 + the signal.

    A step that is running ends first. A second signal, a second or more later, ends the process at
    once. The hook belongs after those that a checkpoint depends on, such as the scheduler of
    learning rates, and before those that take time, such as evaluations.

    Args:
        checkpointer: of the training.
    """

    def __init__(self, checkpointer: DetectionCheckpointer):
        self._checkpointer = checkpointer
        self._completed: int | None = None
        self._received: int | None = None
        self._received_at = 0.0
        self._before: dict[int, Callable | int | None] = {}

    def before_train(self) -> None:
        self._before = {number: signal.signal(number, self._receive) for number in SIGNALS}

    def after_train(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def after_step(self) -> None:
        self._completed = self.trainer.iter
        if any_process(self._received is not None):
            self._save_and_exit()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received is not None:
            # A terminal and a parent process may both send one.
            if time.monotonic() - self._received_at >= 1:
                raise SystemExit(128 + number)
            return
        self._received, self._received_at = number, time.monotonic()
        logger.warning(f"{signal.Signals(number).name}: saves a checkpoint and ends")
        # After a step, one process alone need not wait for the end of an evaluation. Several act
        # together, at the end of the next step.
        if self._completed == self.trainer.iter and comm.get_world_size() == 1:
            self._save_and_exit()

    def _save_and_exit(self) -> None:
        if comm.is_main_process():
            name = f"model_{self.trainer.iter:07d}"
            self._checkpointer.save(name, iteration=self.trainer.iter)
        # Whoever ends first makes the launcher end the others.
        comm.synchronize()
        raise SystemExit(128 + (self._received or signal.SIGTERM))
