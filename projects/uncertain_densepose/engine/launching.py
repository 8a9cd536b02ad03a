"""Starting the processes of a command line, with errors reported in one line."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable

from detectron2.engine import launch
from torch.multiprocessing import ProcessExitedException

from ..errors import UserError


def launch_tool(main: Callable[[Namespace], object], arguments: Namespace) -> None:
    """Run a function in the processes that Detectron2's command line asks for.

    Args:
        main: called with the arguments in each process, and picklable. Its `UserError` and
            `FileNotFoundError` are reported in one line, without a traceback.
        arguments: of Detectron2's `default_argument_parser`.

    Raises:
        SystemExit: with status 1, for such an error or if a signal ended a process.
    """
    try:
        launch(
            _main_or_exit,
            arguments.num_gpus,
            num_machines=arguments.num_machines,
            machine_rank=arguments.machine_rank,
            dist_url=arguments.dist_url,
            args=(main, arguments),
        )
    except ProcessExitedException as error:
        # The process has said why, unless a signal ended it, for example when memory ran out.
        sys.exit(f"error: {error}" if error.exit_code < 0 else error.exit_code)


def _main_or_exit(main: Callable, arguments: Namespace) -> None:
    try:
        main(arguments)
    except (UserError, FileNotFoundError) as error:
        sys.exit(f"error: {error}")
