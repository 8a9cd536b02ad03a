"""Starting the processes of a command line, with errors reported in one line."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType

from detectron2.engine import default_argument_parser, launch
from torch.multiprocessing import ProcessExitedException

from ..errors import UserError

ONE_LINE = (UserError, FileNotFoundError)
"""Errors that a user can mend, reported without a traceback."""


def launch_tool(main: Callable[[Namespace], object], arguments: Namespace) -> None:
    """Run a function in the processes that Detectron2's command line asks for.

    SIGTERM, SIGHUP and SIGINT reach all of them. Several such commands may run on one machine, as
    each takes a free port unless `--dist-url` names one.

    Args:
        main: called with the arguments in each process, and picklable. Its `UserError` and
            `FileNotFoundError` are reported in one line, without a traceback.
        arguments: of Detectron2's `default_argument_parser`.

    Raises:
        SystemExit: with status 1, for such an error or if a signal ended a process.
    """
    url = arguments.dist_url
    if arguments.num_machines == 1 and url == default_argument_parser().get_default("dist_url"):
        url = "auto"
    together = _signals_to_children() if arguments.num_gpus > 1 else nullcontext()
    try:
        with together:
            launch(
                _main_or_exit,
                arguments.num_gpus,
                num_machines=arguments.num_machines,
                machine_rank=arguments.machine_rank,
                dist_url=url,
                args=(main, arguments),
            )
    except ProcessExitedException as error:
        # The process has said why, unless a signal ended it, for example when memory ran out.
        sys.exit(f"error: {error}" if error.exit_code < 0 else error.exit_code)


@contextmanager
def _signals_to_children() -> Iterator[None]:
    """Pass on what would end this process to those that it started, and wait for them."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        for child in multiprocessing.active_children():
            if child.pid is not None:
                os.kill(child.pid, number)

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _main_or_exit(main: Callable, arguments: Namespace) -> None:
    # Detectron2's loop logs the traceback of any exception.
    logging.getLogger("detectron2.engine.train_loop").addFilter(_is_unexpected)
    try:
        main(arguments)
    except ONE_LINE as error:
        sys.exit(f"error: {error}")


def _is_unexpected(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], ONE_LINE))
