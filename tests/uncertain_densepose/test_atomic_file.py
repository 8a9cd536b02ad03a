"""Files appear whole or not at all."""

from __future__ import annotations

import os
import signal

import pytest

from uncertain_densepose.atomic_file import replacing


def test_the_file_appears_when_the_block_ends_and_its_folder_is_made(tmp_path):
    path = tmp_path / "a" / "b.png"
    with replacing(path) as temporary:
        assert temporary.parent == path.parent and temporary.suffix == ".png"
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert os.listdir(path.parent) == ["b.png"]


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "b.png"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["b.png"]


def test_a_kill_leaves_the_old_file_and_the_next_write_clears_up(tmp_path):
    path = tmp_path / "b.png"
    path.write_text("old")
    child = os.fork()
    if child == 0:
        try:
            with replacing(path) as temporary:
                temporary.write_text("half")
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(os.listdir(tmp_path)) == 2
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["b.png"]
