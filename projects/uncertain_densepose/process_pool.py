"""Work shared out among processes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TypeVar

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor

Task = TypeVar("Task")
Result = TypeVar("Result")


def run_tasks(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    on_result: Callable[[Result], object],
) -> None:
    """Do tasks in processes, of one thread each.

    Args:
        work: does one task. It is pickled, as are tasks and results, unless this process does it.
        tasks: in the order in which they are begun.
        workers: processes; 1 is this one, with the threads that it has.
        on_result: called in this process with each result, as they come.

    Raises:
        concurrent.futures.process.BrokenProcessPool: a process died.
        Exception: what ``work`` or ``on_result`` raises, or Ctrl-C. No process is left then; tasks
            that others had begun are broken off.
    """
    if workers <= 1:
        for task in tasks:
            on_result(work(task))
        return
    # Ctrl-C is this process's affair: workers are ended by it.
    ignore_interrupts = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    try:
        with parallel_config("loky", inner_max_num_threads=1, **ignore_interrupts):
            # Joblib takes one for this process.
            processes = max(2, min(workers, len(tasks)))
            parallel = Parallel(processes, return_as="generator_unordered", batch_size=1)
            with closing(parallel(delayed(work)(task) for task in tasks)) as results:
                for result in results:
                    on_result(result)
    finally:
        # They would wait for more work for minutes, with all of their memory.
        get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)
