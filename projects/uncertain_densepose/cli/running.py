"""How a command line reports errors and exits."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ..errors import UserError

P = ParamSpec("P")
R = TypeVar("R")

INTERRUPTED = 130
"""The exit status of shell commands that SIGINT ended."""


def run_tool(main: Callable[P, R], error_status: int = 2) -> Callable[P, R]:
    """Decorate the `main` of a command line so that user errors are printed in one line.

    A `UserError` or `OSError` is printed as `error: ...` and exits with `error_status`. Ctrl-C
    exits with 130, after printing the `KeyboardInterrupt`'s message (how to resume). Any other
    exception is a bug and keeps its traceback.

    Args:
        main: the function to wrap.
        error_status: the exit status of errors, where scripts rely on another one than 2.

    Returns:
        `main`, raising SystemExit in these cases.
    """

    @functools.wraps(main)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return main(*args, **kwargs)
        except (UserError, OSError) as error:
            print(f"error: {one_line(error)}", file=sys.stderr)
            sys.exit(error_status)
        except KeyboardInterrupt as interruption:
            print(f"\n{one_line(interruption) or 'interrupted'}", file=sys.stderr)
            sys.exit(INTERRUPTED)

    return run


def one_line(error: BaseException) -> str:
    """The message of an error without line breaks."""
    return " ".join(line.strip() for line in str(error).splitlines())
