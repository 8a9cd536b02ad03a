"""Tools in processes of their own that need not load torch and Detectron2 again.

They are forked from a server that has loaded what all of them need, and nothing of this project.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.tool_loader import ROOT

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["torch", "torchvision", "cv2", "matplotlib.figure", "scipy.spatial", "scipy.stats",
     "detectron2.engine", "detectron2.evaluation"]
)  # fmt: skip


def run_forked(command: list[str], **environment: str) -> subprocess.CompletedProcess:
    """What `subprocess.run` gives for ``python`` with the words of a command.

    Args:
        command: a script's path or ``-m`` and a module's name, then arguments.
        environment: variables that differ from this process's.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("stdout", "stderr")]
        process = _CONTEXT.Process(target=_run, args=(command, os.environ | environment, files))
        process.start()
        process.join()
        texts = [file.read_text() for file in files]
    return subprocess.CompletedProcess(command, process.exitcode, *texts)


def _run(command: list[str], environment: dict[str, str], files: list[Path]) -> None:
    for descriptor, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")
