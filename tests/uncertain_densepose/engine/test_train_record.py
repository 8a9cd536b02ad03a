"""What a checkpoint says of its training."""

import re
import subprocess
import sys

import pytest
import torch
import yaml

from tests.tiny_training import OPTIONS, trained_folder
from tests.uncertain_densepose.evaluation.big_table import resident_mb
from uncertain_densepose.config import load_config
from uncertain_densepose.engine.train_record import (
    UNKNOWN_COMMIT,
    TrainRecord,
    device_name,
    peak_memory_mib,
    source_commit,
)


def record_of(path) -> dict:
    return torch.load(path, weights_only=True)["trainer"]["hooks"]["TrainRecord"]


def test_every_checkpoint_has_it_at_its_own_iteration(tiny_data_root):
    folder = trained_folder(tiny_data_root)
    early, final = (record_of(folder / f"model_{name}.pth") for name in ("0000001", "final"))
    assert (early["iterations"], final["iterations"]) == (2, 3)
    assert 0 < early["seconds"] < final["seconds"]
    config = yaml.safe_load(final["config"])
    assert config["SOLVER"]["MAX_ITER"] == 3 and config["OUTPUT_DIR"] == str(folder)
    assert config["DATASETS"]["TRAIN"] == ["synth_people_tiny_train"]
    assert final["seed"] == -1 and final["processes"] == 1
    assert re.fullmatch(rf"[0-9a-f]{{12}}(-dirty)?|{UNKNOWN_COMMIT}", final["commit"])
    assert 100 < final["peak_memory_mib"] < 10_000
    assert "cpu" in final["device"] and OPTIONS["MODEL.DEVICE"] == "cpu"


class FakeTrainer:
    iter = 4


def test_a_resumed_training_continues_it(monkeypatch):
    hook = TrainRecord(load_config("configs/synth/unc_full.yaml", ["MODEL.DEVICE", "cpu"]))
    hook.trainer = FakeTrainer()
    clock = iter([10.0, 12.5, 100.0, 101.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    hook.load_state_dict({"seconds": 40.0, "peak_memory_mib": 1e9})
    hook.before_train()
    for _ in range(2):
        hook.before_step()
        hook.after_step()
    record = hook.state_dict()
    # What is between steps does not count.
    assert record["seconds"] == 40 + 2.5 + 1
    assert record["peak_memory_mib"] == 1e9
    assert record["iterations"] == 5


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory from /proc")
def test_memory_and_device_are_those_of_the_process():
    cpu = torch.device("cpu")
    assert peak_memory_mib(cpu) == pytest.approx(resident_mb()["VmHWM"], rel=0.05)
    assert device_name(cpu).endswith(f"cpu, {torch.get_num_threads()} threads")


@pytest.fixture
def repository(tmp_path):
    """A function that runs git in a new repository with one commit of source.py."""

    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x@x"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    (tmp_path / "source.py").write_text("1")
    git("add", "source.py")
    git("commit", "-qm", "one")
    return git


def test_the_commit_is_that_of_the_sources_and_says_whether_they_differ(tmp_path, repository):
    head = repository("rev-parse", "--short=12", "HEAD")
    repository("tag", "-a", "-m", "tag", "v1")
    assert source_commit(tmp_path / "source.py") == head
    (tmp_path / "new.py").write_text("untracked")
    assert source_commit(tmp_path / "source.py") == head
    (tmp_path / "source.py").write_text("2")
    assert source_commit(tmp_path / "source.py") == f"{head}-dirty"


def test_a_package_within_another_repository_has_no_commit(tmp_path, repository):
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "source.py").write_text("1")
    assert source_commit(tmp_path / "site-packages" / "source.py") == UNKNOWN_COMMIT
