"""Work in processes: the same results, errors that arrive, nobody left behind."""

import functools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest

from tests.uncertain_densepose.pool_work import die, fail_at_two, sleep, square, surroundings, total
from uncertain_densepose.process_pool import run_tasks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def results(work, tasks, workers):
    found = []
    run_tasks(work, tasks, workers, found.append)
    return found


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_do_not_depend_on_the_number_of_workers(workers):
    found = results(square, range(4), workers)
    assert sorted(result[:2] for result in found) == [(0, 0), (1, 1), (2, 4), (3, 9)]
    processes = {process for *_, process in found}
    assert (processes == {os.getpid()}) == (workers == 1)
    assert nobody_is_left()


def test_one_task_and_none_are_done_as_many_are():
    ((*found, process),) = results(square, [3], 2)
    assert found == [3, 9] and process != os.getpid()
    assert results(square, [], 2) == []


def nobody_is_left():
    deadline = time.monotonic() + 20
    while children() and time.monotonic() < deadline:
        time.sleep(0.1)
    return not children()


def children():
    """Processes of this one, without two that end with it: joblib's, which removes shared memory,
    and the server from which other tests fork."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rsplit(")", 1)[1].split()[1])
            command = status.with_name("cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        lasting = any(name in command for name in (b"resource_tracker", b"forkserver"))
        if parent == os.getpid() and not lasting:
            found.append(command)
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_worker_arrives(workers):
    with pytest.raises(LookupError, match="no film"):
        results(fail_at_two, range(6), workers)
    assert nobody_is_left()


def test_a_worker_that_dies_is_said():
    with pytest.raises(BrokenProcessPool):
        results(die, range(4), 2)
    assert nobody_is_left()


def test_results_that_cannot_be_taken_end_the_work():
    def refuse(result):
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        run_tasks(square, range(6), 2, refuse)
    assert nobody_is_left()


@pytest.fixture
def usual_signals():
    """Signals as a terminal leaves them: `nohup` and background jobs of a shell ignore some."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_ctrl_c_leaves_nobody_behind(usual_signals):
    threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        results(sleep, range(4), 2)
    assert time.monotonic() - started < 40
    assert nobody_is_left()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_parent_leaves_nobody_behind(number, usual_signals):
    program = "from tests.uncertain_densepose.pool_work import begin_to_sleep; begin_to_sleep(2)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        assert all(Path(f"/proc/{worker}").exists() for worker in workers)
        parent.send_signal(number)
        assert parent.wait(40) == 128 + number
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_signals_are_left_to_a_caller_who_handles_them(usual_signals):
    def handle(*_):
        raise AssertionError

    before = signal.signal(signal.SIGTERM, handle)
    try:
        run_tasks(square, range(2), 2, lambda _: None)
        assert signal.getsignal(signal.SIGTERM) is handle
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_workers_have_one_thread_and_leave_ctrl_c_to_their_parent(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert results(surroundings, range(2), 2) == [("1", True)] * 2


def test_big_inputs_reach_the_workers():
    array = np.random.default_rng(0).random(300_000)
    found = results(functools.partial(total, array), range(3), 2)
    assert sorted(found) == [k * array.sum() for k in range(3)]
