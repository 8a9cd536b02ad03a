"""Training and testing in several processes, as Detectron2 launches them, without GPUs."""

import json
import os
import socket
import subprocess
import sys

import pytest

from tests.tiny_training import OPTIONS, TOOL, lazy_train_net, train_net, trained_folder

METRICS = "metrics_synth_people_tiny_val.json"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def metrics_of(folder) -> dict:
    """{task/metric: value}; NaN is null there."""
    content = json.loads((folder / METRICS).read_text())
    return {f"{task}/{name}": value for task in content for name, value in content[task].items()}


def two_machines(root, *arguments, **changes) -> list[subprocess.CompletedProcess]:
    """Run the tool once for each of two machines with a process, which are this one."""
    options = OPTIONS | {key.replace("__", "."): value for key, value in changes.items()}
    words = [word for pair in options.items() for word in pair]
    launch = ["--num-machines", "2", "--dist-url", f"tcp://127.0.0.1:{free_port()}"]
    command = [sys.executable, str(TOOL), "--config-file", "configs/synth/unc_full.yaml"]
    environment = os.environ | {"DETECTRON2_DATASETS": str(root)}
    machines = [
        subprocess.Popen(
            [*command, *launch, "--machine-rank", rank, *arguments, *words],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    outputs = [machine.communicate() for machine in machines]
    return [
        subprocess.CompletedProcess(machine.args, machine.returncode, *output)
        for machine, output in zip(machines, outputs, strict=True)
    ]


def same(found, expected) -> None:
    """Assert equal metrics, up to the order in which sums over images are added."""
    assert metrics_of(found) == pytest.approx(metrics_of(expected), rel=1e-9, nan_ok=True)


@pytest.mark.slow
def test_two_processes_train_and_the_checkpoint_is_what_they_tested(tiny_data_root, tmp_path):
    together, alone = tmp_path / "together", tmp_path / "alone"
    launch = ("--num-gpus", "2", "--dist-url", "auto")
    done = train_net(tiny_data_root, *launch, OUTPUT_DIR=str(together), SOLVER__MAX_ITER="6")
    assert done.returncode == 0, done.stderr[-3000:]
    weights = str(together / "model_final.pth")
    done = train_net(tiny_data_root, "--eval-only", OUTPUT_DIR=str(alone), MODEL__WEIGHTS=weights)
    assert done.returncode == 0, done.stderr[-3000:]
    same(together, alone)


@pytest.mark.slow
def test_two_processes_test_as_one(tiny_data_root, tmp_path):
    trained = trained_folder(tiny_data_root)
    weights, launch = str(trained / "model_final.pth"), ("--num-gpus", "2", "--dist-url", "auto")
    done = train_net(
        tiny_data_root, "--eval-only", *launch, OUTPUT_DIR=str(tmp_path), MODEL__WEIGHTS=weights
    )
    assert done.returncode == 0, done.stderr[-3000:]
    same(tmp_path, trained)


@pytest.mark.slow
def test_two_machines_test_as_one(tiny_data_root, tmp_path):
    trained = trained_folder(tiny_data_root)
    weights = str(trained / "model_final.pth")
    options = {"OUTPUT_DIR": str(tmp_path), "MODEL__WEIGHTS": weights}
    for done in two_machines(tiny_data_root, "--eval-only", **options):
        assert done.returncode == 0, done.stderr[-3000:]
    same(tmp_path, trained)


@pytest.mark.slow
def test_two_processes_train_a_python_config(tiny_data_root, tmp_path):
    launch = ("--num-gpus=2", "--dist-url=auto")
    done = lazy_train_net(tiny_data_root, tmp_path, *launch)
    assert done.returncode == 0, done.stderr[-3000:]
    assert metrics_of(tmp_path)["correspondence_gt_boxes/num_points"] > 0


@pytest.mark.slow
def test_an_error_of_the_user_is_one_line_in_several_processes_too(tiny_data_root, tmp_path):
    launch = ("--num-gpus", "2", "--dist-url", "auto")
    done = train_net(
        tiny_data_root, "--eval-only", *launch, OUTPUT_DIR=str(tmp_path), MODEL__WEIGHTS="none.pth"
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "error: " in done.stderr and "none.pth" in done.stderr
