"""A training that was interrupted ends as one that was not."""

import multiprocessing
import os
import random
import resource
import shutil
import signal
import time

import pytest
import torch

from tests.uncertain_densepose.engine.small_training import (
    differing,
    registered_tiny,
    state,
    train,
    train_in_a_process,
    trainer_of,
)
from uncertain_densepose.engine.finite_steps import OptimizerMismatch
from uncertain_densepose.engine.folder_lock import FolderInUse
from uncertain_densepose.weights_file import WeightsError


@pytest.fixture(scope="module", autouse=True)
def tiny(tiny_data_root):
    with registered_tiny(tiny_data_root):
        yield


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    train(out)
    return out


@pytest.fixture
def interrupted(undisturbed, tmp_path):
    """The folder of a training that was killed after its second step."""
    for name in ("model_0000000.pth", "model_0000001.pth"):
        shutil.copy2(undisturbed / name, tmp_path / name)
    (tmp_path / "last_checkpoint").write_text("model_0000001.pth")
    return tmp_path


def test_steps_change_the_model(undisturbed):
    assert differing(state(undisturbed, "model_0000001"), state(undisturbed))


@pytest.mark.parametrize("workers", [0, 2])
def test_it_ends_with_the_same_bits(undisturbed, interrupted, workers):
    trainer = train(interrupted, "DATALOADER.NUM_WORKERS", workers, resume=True)
    assert trainer.start_iter == 2
    assert differing(state(undisturbed), state(interrupted)) == []


def test_with_a_random_seed_as_well(tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(whole, "SEED", -1)
    cut.mkdir()
    shutil.copy2(whole / "model_0000001.pth", cut)
    train(cut, "SEED", -1, resume=True)
    assert differing(state(whole), state(cut)) == []


def test_another_seed_is_another_training(undisturbed, tmp_path):
    train(tmp_path, "SEED", 4)
    assert differing(state(undisturbed), state(tmp_path))


@pytest.mark.parametrize("kind", ["truncated", "empty", "flipped", "not finite"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(undisturbed, interrupted, kind, log):
    newest = interrupted / "model_0000001.pth"
    content = bytearray(newest.read_bytes())
    if kind == "not finite":
        damaged = torch.load(newest, weights_only=True)
        next(iter(damaged["model"].values())).view(-1)[0] = torch.nan
        torch.save(damaged, newest)
    elif kind == "flipped":
        content[len(content) // 2] ^= 0x40
        newest.write_bytes(content)
    else:
        newest.write_bytes(content[: len(content) // 3 if kind == "truncated" else 0])
    trainer = train(interrupted, resume=True)
    assert trainer.start_iter == 1
    assert differing(state(undisturbed), state(interrupted)) == []
    assert "model_0000001.pth" in log.text


def test_without_a_tag_the_newest_is_taken(undisturbed, interrupted):
    (interrupted / "last_checkpoint").unlink()
    trainer = trainer_of(interrupted)
    trainer.resume_or_load(resume=True)
    assert trainer.start_iter == 2


def test_a_folder_of_damaged_checkpoints_is_not_begun_anew(interrupted):
    for path in interrupted.glob("*.pth"):
        path.write_bytes(b"")
    trainer = trainer_of(interrupted)
    with pytest.raises(WeightsError, match="none of its 2 checkpoints"):
        trainer.resume_or_load(resume=True)


@pytest.mark.parametrize("name", ["../hid/.pkl", "/etc/model.pth", "model.pkl", ""])
def test_a_tag_is_the_name_of_a_checkpoint_beside_it(interrupted, name):
    (interrupted / "last_checkpoint").write_text(name)
    trainer = trainer_of(interrupted)
    with pytest.raises(WeightsError, match="last_checkpoint"):
        trainer.resume_or_load(resume=True)


def test_the_state_of_another_optimiser_is_refused(interrupted):
    other = trainer_of(interrupted, "SOLVER.OPTIMIZER", "SGD")
    assert other.cfg.SOLVER.OPTIMIZER != "ADAMW"
    with pytest.raises(OptimizerMismatch, match="SOLVER.OPTIMIZER"):
        other.resume_or_load(resume=True)


def test_two_trainings_do_not_share_a_folder(tmp_path):
    first, second = trainer_of(tmp_path), trainer_of(tmp_path)
    refused = []

    def start_another(module, inputs):
        if refused:
            return
        with pytest.raises(FolderInUse, match=str(tmp_path)) as error:
            second.train()
        refused.append(error)

    first._trainer.model.register_forward_pre_hook(start_another)
    first.resume_or_load(False)
    first.train()
    assert len(refused) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_saves_a_checkpoint_first(undisturbed, tmp_path, number):
    never = "SOLVER.CHECKPOINT_PERIOD", 1000
    trainer = trainer_of(tmp_path, *never)
    trainer.resume_or_load(resume=False)
    model = trainer._trainer.model
    calls = []

    def send(module, inputs):
        calls.append(0)
        if len(calls) == 2:
            os.kill(os.getpid(), number)

    hook = model.register_forward_pre_hook(send)
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as end:
        trainer.train()
    hook.remove()
    assert end.value.code == 128 + number and signal.getsignal(number) == before
    assert [path.name for path in tmp_path.glob("*.pth")] == ["model_0000001.pth"]
    train(tmp_path, *never, resume=True)
    assert differing(state(undisturbed), state(tmp_path)) == []


def test_a_training_killed_before_its_last_file_writes_it(undisturbed, tmp_path):
    shutil.copy2(undisturbed / "model_0000003.pth", tmp_path)
    (tmp_path / ".model_final.part.pth").write_bytes(b"half")
    train(tmp_path, resume=True)
    assert differing(state(undisturbed), state(tmp_path)) == []
    assert not list(tmp_path.glob(".*.part*"))


def test_a_full_disk_leaves_what_was_saved(tmp_path):
    trainer = trainer_of(tmp_path)
    trainer.resume_or_load(False)
    trainer.checkpointer.save("model_0000000", iteration=0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    try:
        with pytest.raises(WeightsError, match="model_0000001.pth cannot be saved"):
            trainer.checkpointer.save("model_0000001", iteration=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.glob("*model*")] == ["model_0000000.pth"]
    assert (tmp_path / "last_checkpoint").read_text() == "model_0000000.pth"


@pytest.mark.slow
def test_twenty_kills_at_random_moments_leave_no_trace(tiny_data_root, tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.uncertain_densepose.engine.small_training"])
    options = ("SOLVER.MAX_ITER", 12, "SOLVER.CHECKPOINT_PERIOD", 2)

    def started(out, resume):
        arguments = (tiny_data_root, out, resume, *options)
        process = context.Process(target=train_in_a_process, args=arguments)
        process.start()
        return process

    began = time.monotonic()
    whole = tmp_path / "whole"
    started(whole, False).join()
    duration = time.monotonic() - began
    rng = random.Random(0)
    kills, attempt = 0, 0
    while kills < 20:
        attempt += 1
        out = tmp_path / f"cut_{attempt}"
        while not (out / "model_final.pth").exists():
            process = started(out, True)
            process.join(rng.uniform(0, duration) if kills < 20 else None)
            if process.is_alive():
                process.kill()
                process.join()
                kills += 1
        assert differing(state(whole), state(out)) == []
        assert not list(out.glob(".*.part*"))
        shutil.rmtree(out)
