"""How a command line ends when one of its processes does."""

from types import SimpleNamespace

import pytest
from torch.multiprocessing import ProcessExitedException

from uncertain_densepose.engine import launching
from uncertain_densepose.errors import UserError

ARGUMENTS = SimpleNamespace(num_gpus=2, num_machines=1, machine_rank=0, dist_url="auto")


@pytest.mark.parametrize(
    ("exit_code", "message", "status"),
    [
        (1, "process 0 terminated with exit code 1", 1),
        (-9, "process 0 terminated with signal SIGKILL", "error: .* SIGKILL"),
    ],
)
def test_what_no_process_could_say_is_said(monkeypatch, exit_code, message, status):
    """A process that exits by itself has said why; one that a signal ends has not."""

    def launch(*_, **__):
        raise ProcessExitedException(message, error_index=0, error_pid=1, exit_code=exit_code)

    monkeypatch.setattr(launching, "launch", launch)
    with pytest.raises(SystemExit, match=str(status)) as ended:
        launching.launch_tool(print, ARGUMENTS)
    assert isinstance(ended.value.code, type(status))


@pytest.mark.parametrize("kind", [UserError, FileNotFoundError])
def test_an_error_of_the_user_is_one_line(kind):
    def main(_):
        raise kind("no such file")

    alone = SimpleNamespace(**vars(ARGUMENTS) | {"num_gpus": 1})
    with pytest.raises(SystemExit, match="^error: no such file$"):
        launching.launch_tool(main, alone)
