"""Starting the processes of a command line, and its errors in one line."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable

from detectron2.engine import launch
from torch.multiprocessing import ProcessExitedException


def launch_tool(
    main: Callable[[Namespace], object],
    arguments: Namespace,
    user_errors: tuple[type[Exception], ...],
) -> None:
    """Run a function in the processes that Detectron2's command line asks for.

    Args:
        main: called with the arguments in each process; importable, or of a script.
        arguments: of Detectron2's `default_argument_parser`.
        user_errors: what is reported in one line, without a traceback.

    Raises:
        SystemExit: for such an error, or when a signal ends a process, with status 1.
    """
    try:
        launch(
            _main_or_exit,
            arguments.num_gpus,
            num_machines=arguments.num_machines,
            machine_rank=arguments.machine_rank,
            dist_url=arguments.dist_url,
            args=(main, arguments, user_errors),
        )
    except ProcessExitedException as error:
        # The process has said why, unless a signal ended it: that of a machine without memory, say.
        sys.exit(f"error: {error}" if error.exit_code < 0 else error.exit_code)


def _main_or_exit(main: Callable, arguments: Namespace, user_errors: tuple) -> None:
    try:
        main(arguments)
    except user_errors as error:
        sys.exit(f"error: {error}")
