"""Work shared out among processes."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from types import FrameType
from typing import NoReturn, TypeVar

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor

Task = TypeVar("Task")
Result = TypeVar("Result")

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end a process without a chance to end its workers, unless they are handled."""


def run_tasks(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    on_result: Callable[[Result], object],
) -> None:
    """Do tasks in parallel processes of one thread each.

    Args:
        work: does one task. It is pickled, as are tasks and results, unless this process does it.
        tasks: in the order in which they are begun.
        workers: number of processes; 1 means this process, with all its threads.
        on_result: called in this process with each result, as they come.

    Raises:
        concurrent.futures.process.BrokenProcessPool: a process died.
        Exception: whatever ``work`` or ``on_result`` raises, or Ctrl-C. All processes are then
            ended, in the middle of their tasks.
        SystemExit: with 128 + the signal, the same after SIGTERM or SIGHUP, unless the caller
            handles them or runs in another thread than the main one.
    """
    if workers <= 1:
        for task in tasks:
            on_result(work(task))
        return
    # Ctrl-C is for this process to handle, which then ends its workers.
    ignore_interrupts = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    try:
        with (
            _exit_on_signals(),
            parallel_config("loky", inner_max_num_threads=1, **ignore_interrupts),
        ):
            # Joblib takes 1 to mean this process.
            processes = max(2, min(workers, len(tasks)))
            parallel = Parallel(processes, return_as="generator_unordered", batch_size=1)
            with closing(parallel(delayed(work)(task) for task in tasks)) as results:
                for result in results:
                    on_result(result)
    finally:
        # Idle workers would keep their memory for minutes.
        get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)


@contextmanager
def _exit_on_signals() -> Iterator[None]:
    """Turn signals that would end this process at once into an exception."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    unhandled = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in unhandled:
        signal.signal(number, _exit)
    try:
        yield
    finally:
        for number in unhandled:
            signal.signal(number, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
