"""Files appear whole or not at all."""

from __future__ import annotations

import os

import pytest

from tests.killed_writer import leave_half_written
from uncertain_densepose.atomic_file import is_leftover, remove_leftovers, replacing


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
    leave_half_written(path)
    assert path.read_text() == "old"
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["b.png"]


@pytest.mark.parametrize("name", ["b.png", "b.json.gz", "b", ".b"])
def test_leftovers_of_a_kill_are_known_and_removed(tmp_path, name):
    left = leave_half_written(tmp_path / name)
    deeper = tmp_path / "a"
    deeper.mkdir()
    leave_half_written(deeper / name)
    others = [tmp_path / other for other in (name, "b.part", "b.part.png", ".b.partial")]
    for other in others:
        other.write_text("precious")
        assert not is_leftover(other)
    assert is_leftover(left)
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([*others, deeper])
    assert os.listdir(deeper) == []
