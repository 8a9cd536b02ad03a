"""What processes are given to do; apart, so that they need not import the library for it."""

import os
import signal
import time


def square(task):
    return task, task**2, os.getpid()


def fail_at_two(task):
    if task == 2:
        raise LookupError("no film")
    return task


def die(task):
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(task):
    time.sleep(60)


def begin_to_sleep(workers):
    """Have workers sleep for a minute, each of which first prints the number of its process."""
    from uncertain_densepose.process_pool import run_tasks

    run_tasks(_say_and_sleep, range(2 * workers), workers, print)


def _say_and_sleep(task):
    # A line is written whole.
    os.write(1, f"{os.getpid()}\n".encode())
    sleep(task)


def surroundings(task):
    return os.environ["OMP_NUM_THREADS"], signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def total(array, task):
    return task * array.sum()
