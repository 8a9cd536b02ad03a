"""How a command line ends when one of its processes does."""

import socket
from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import torch
from detectron2.engine import default_argument_parser
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


def test_two_commands_of_several_processes_on_a_machine_take_ports_of_their_own(monkeypatch):
    urls = []
    with ExitStack() as ports:

        def listen(*_, args, **__):
            """Take the port, as the main process of a training does for as long as it runs."""
            url = urlsplit(next(one for one in args if str(one).startswith("tcp://")))
            ports.enter_context(socket.create_server((url.hostname, url.port)))
            urls.append(url)

        monkeypatch.setattr(torch.multiprocessing, "start_processes", listen)
        parser = default_argument_parser()
        for _ in range(2):
            launching.launch_tool(print, parser.parse_args(["--num-gpus", "2"]))
    assert len({url.port for url in urls}) == 2 and {url.hostname for url in urls} == {"127.0.0.1"}


def test_a_port_that_the_user_names_is_taken(monkeypatch):
    given = []
    monkeypatch.setattr(launching, "launch", lambda *_, dist_url, **__: given.append(dist_url))
    url = "tcp://127.0.0.1:54321"
    arguments = default_argument_parser().parse_args(["--num-gpus", "2", "--dist-url", url])
    launching.launch_tool(print, arguments)
    assert given == [url]


@pytest.mark.parametrize("kind", [UserError, FileNotFoundError])
def test_an_error_of_the_user_is_one_line(kind):
    def main(_):
        raise kind("no such file")

    alone = SimpleNamespace(**vars(ARGUMENTS) | {"num_gpus": 1})
    with pytest.raises(SystemExit, match="^error: no such file$"):
        launching.launch_tool(main, alone)
