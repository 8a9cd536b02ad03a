"""tools/apply_net.py: runs that go on, and results of other runs that are refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.tools.apply_net_runs import FakePredictor, failed, files_of, picture
from uncertain_densepose.atomic_file import is_leftover
from uncertain_densepose.cli.actions import model_settings


def test_a_second_run_does_nothing_and_says_so(run, tmp_path, bright, dark, capsys):
    assert run("show", bright, dark).images == 2
    before = {
        name: (tmp_path / "out" / name).stat().st_mtime_ns for name in files_of(tmp_path / "out")
    }
    capsys.readouterr()
    assert run("show", bright, dark).images == 0
    assert "images: 0, skipped as done before: 2" in capsys.readouterr().out
    after = {
        name: (tmp_path / "out" / name).stat().st_mtime_ns for name in files_of(tmp_path / "out")
    }
    assert before == after


def test_a_dump_that_is_continued_lists_the_people_of_all_runs(run, tmp_path, bright):
    run("dump", bright)
    run("dump", bright, picture(tmp_path / "next.png", 255))
    records = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert [record["maps"] for record in records] == ["bright.npz", "next.npz", "next.npz"]


def test_a_run_that_is_killed_leaves_whole_files_and_goes_on(run, tmp_path, bright, dark):
    child = os.fork()
    if child == 0:
        # Dies while it writes the second picture.
        write = Path.write_bytes

        def write_half(path, content):
            if "dark" in path.name:
                write(path, content[: len(content) // 2])
                os._exit(9)
            return write(path, content)

        Path.write_bytes = write_half
        try:
            run("show", bright, dark)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    out = tmp_path / "out"
    assert [name for name in files_of(out) if not name.startswith(".")] == [
        "bright.png",
        "done.jsonl",
        "run.json",
    ]
    (half,) = (name for name in files_of(out) if is_leftover(Path(name)))
    # As if the run had been killed long ago: a younger file may be another process's.
    os.utime(out / half, (0, 0))
    assert run("show", bright, dark).images == 1
    assert files_of(out) == ["bright.png", "dark.png", "done.jsonl", "run.json"]


@pytest.mark.parametrize(
    "command, extra, message",
    [
        ("show", ("--side", "300"), "side was null, is 300"),
        ("show", ("--pictures", "part"), 'pictures was "box,part,isol'),
        ("dump", (), 'command was "show", is "dump"'),
    ],
)
def test_results_of_other_settings_are_refused(
    run, tmp_path, bright, capsys, command, extra, message
):
    run("show", bright)
    said = failed(run, capsys, 2, command, bright, extra=extra)
    assert message in said and "--overwrite" in said
    run(command, bright, extra=(*extra, "--overwrite"))
    assert ("bright.png" in files_of(tmp_path / "out")) == (command == "show")
    assert ("predictions.json" in files_of(tmp_path / "out")) == (command == "dump")


def test_results_of_other_weights_are_refused(run, tmp_path, bright, capsys):
    run("show", bright)
    (tmp_path / "weights.pth").write_bytes(b"trained on")
    assert "weights_sha256 was" in failed(run, capsys, 2, "show", bright)


def test_a_model_that_has_moved_is_the_same_model(run, tmp_path, bright):
    run("show", bright)
    first = model_settings(FakePredictor("full", tmp_path / "weights.pth"))
    (tmp_path / "weights.pth").rename(tmp_path / "other.pth")
    moved = FakePredictor("full", tmp_path / "other.pth")
    moved.cfg.OUTPUT_DIR = "elsewhere"
    assert model_settings(moved) == first
    assert model_settings(FakePredictor("mse", tmp_path / "other.pth")) != first
