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


def surroundings(task):
    return os.environ["OMP_NUM_THREADS"], signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def total(array, task):
    return task * array.sum()
