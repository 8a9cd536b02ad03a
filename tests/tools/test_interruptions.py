"""Signals to a training of several processes from the command line."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.tiny_training import OPTIONS, TOOL


def children_of(pid: int) -> list[int]:
    """All descendants of a process."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    direct = [int(word) for word in listed.stdout.split()]
    return direct + [below for child in direct for below in children_of(child)]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_signal_to_the_parent_ends_all_with_a_checkpoint(tiny_data_root, tmp_path, processes):
    options = OPTIONS | {"SOLVER.MAX_ITER": "10000", "DATALOADER.NUM_WORKERS": "1"}
    options |= {"OUTPUT_DIR": str(tmp_path / "out"), "SOLVER.CHECKPOINT_PERIOD": "1000"}
    command = [sys.executable, str(TOOL), "--config-file", "configs/synth/unc_full.yaml"]
    command += ["--num-gpus", processes, *(word for pair in options.items() for word in pair)]
    environment = os.environ | {"DETECTRON2_DATASETS": str(tiny_data_root)}
    log = tmp_path / "log"
    with open(log, "w") as file:
        training = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
        deadline = time.monotonic() + 300
        while "iter: 19 " not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.5)
        below = children_of(training.pid)
        training.send_signal(signal.SIGTERM)
        status = training.wait(60)
    assert below and status == 128 + signal.SIGTERM, log.read_text()[-2000:]
    assert "Traceback" not in log.read_text()
    (saved,) = (tmp_path / "out").glob("model_*.pth")
    assert int(saved.stem.partition("_")[2]) >= 19
    deadline = time.monotonic() + 30
    while any(map(is_running, below)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not any(map(is_running, below))
