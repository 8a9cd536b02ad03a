"""How a command line ends."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ..errors import UserError

P = ParamSpec("P")
R = TypeVar("R")

INTERRUPTED = 130
"""The exit status of a shell's command that SIGINT ended."""


def run_tool(main: Callable[P, R], error_status: int = 2) -> Callable[P, R]:
    """The `main` of a command line, which tells in one line what the user can mend. A decorator.

    A `UserError` and an `OSError`, which name the file, are printed as `error: ...` and end the
    process with `error_status`. An interruption ends it with 130; a `KeyboardInterrupt` with a
    message is one that says how to go on. All other errors are ours and keep their traceback.

    Args:
        main: called with the arguments of the command line, those of the process by default.
        error_status: for scripts that go by a status, where 2 means something else.

    Returns:
        `main`, which raises SystemExit in these cases and otherwise returns what it returns.
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
