"""How command lines end: what the user can mend is one line, what we got wrong is a traceback."""

from functools import partial

import pytest

from uncertain_densepose.cli import run_tool
from uncertain_densepose.config import ConfigError
from uncertain_densepose.errors import UserError


def ended(main, capsys, **options) -> tuple[int, str]:
    """Exit status and standard error of a command line."""
    with pytest.raises(SystemExit) as end:
        run_tool(main, **options)()
    return end.value.code, capsys.readouterr().err


def failing(error: BaseException):
    def main():
        raise error

    return main


@pytest.mark.parametrize(
    "error", [UserError("a.yaml: no"), ConfigError("a.yaml: no"), OSError("a.yaml: no")]
)
def test_what_the_user_can_mend_is_one_line(error, capsys):
    assert ended(failing(error), capsys) == (2, "error: a.yaml: no\n")
    assert ended(failing(error), capsys, error_status=1) == (1, "error: a.yaml: no\n")


def test_messages_of_several_lines_become_one(capsys):
    assert ended(failing(UserError("one\n  two\n")), capsys)[1] == "error: one two\n"


def test_an_interruption_says_how_to_go_on(capsys):
    assert ended(failing(KeyboardInterrupt()), capsys) == (130, "\ninterrupted\n")
    assert ended(failing(KeyboardInterrupt("go on")), capsys) == (130, "\ngo on\n")


@pytest.mark.parametrize("kind", [ValueError, RuntimeError, KeyError])
def test_our_own_errors_keep_their_traceback(kind):
    with pytest.raises(kind):
        run_tool(failing(kind("ours")))()


def test_what_main_takes_and_returns_is_passed_on():
    @partial(run_tool, error_status=1)
    def main(arguments: list[str]) -> int:
        """Of a tool."""
        return len(arguments)

    assert main(["a", "b"]) == 2 and main.__doc__ == "Of a tool."


def test_errors_of_the_user_keep_the_builtins_that_they_were():
    from uncertain_densepose.plugin.densepose import UpstreamMissingError
    from uncertain_densepose.surface import SurfaceFileError
    from uncertain_densepose.weights_file import WeightsError

    for error, builtin in (
        (ConfigError, ValueError),
        (WeightsError, ValueError),
        (SurfaceFileError, ValueError),
        (UpstreamMissingError, ImportError),
    ):
        assert issubclass(error, UserError) and issubclass(error, builtin)
