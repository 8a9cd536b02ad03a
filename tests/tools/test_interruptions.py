"""Signals to a training of several processes from the command line."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.tiny_training import OPTIONS, TOOL, TOOLS
from uncertain_densepose.surface.paths import default_surface_path


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


def wait_for(condition, seconds=600) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return condition()


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_signal_to_the_parent_ends_all_with_a_checkpoint(tiny_data_root, tmp_path, processes):
    options = OPTIONS | {"SOLVER.MAX_ITER": "10000", "DATALOADER.NUM_WORKERS": "1"}
    options |= {"OUTPUT_DIR": str(tmp_path / "out"), "SOLVER.CHECKPOINT_PERIOD": "4"}
    command = [sys.executable, str(TOOL), "--config-file", "configs/synth/unc_full.yaml"]
    command += ["--num-gpus", processes, *(word for pair in options.items() for word in pair)]
    environment = os.environ | {"DETECTRON2_DATASETS": str(tiny_data_root)}
    log, out = tmp_path / "log", tmp_path / "out"
    with open(log, "w") as file:
        training = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
        assert wait_for((out / "model_0000003.pth").exists), log.read_text()[-2000:]
        below = children_of(training.pid)
        training.send_signal(signal.SIGTERM)
        status = training.wait(300)
    assert below and status == 128 + signal.SIGTERM, log.read_text()[-2000:]
    assert "Traceback" not in log.read_text()
    after = log.read_text().partition("SIGTERM: saves a checkpoint")[2]
    last = (out / "last_checkpoint").read_text()
    assert f"Saving checkpoint to {out / last}" in after and (out / last).exists()
    assert wait_for(lambda: not any(map(is_running, below)), 60)


@pytest.mark.slow
def test_a_signal_to_the_parent_of_workers_leaves_none_of_them(tmp_path, embedded_surface):
    out = tmp_path / "people"
    command = [sys.executable, str(TOOLS / "make_synthetic_dataset.py"), "--preset", "demo"]
    command += ["--workers", "2", "--out", str(out), "--surface", str(default_surface_path())]
    making = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert wait_for(lambda: len(list(out.glob("shards/**/*.json.gz"))) >= 2)
    below = children_of(making.pid)
    making.send_signal(signal.SIGTERM)
    _, said = making.communicate(timeout=120)
    assert making.returncode == 128 + signal.SIGTERM and "Traceback" not in said
    assert len(below) >= 2 and wait_for(lambda: not any(map(is_running, below)), 60)
