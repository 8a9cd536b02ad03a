"""Files appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

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


def test_a_kill_leaves_the_old_file_and_does_not_hinder_the_next_writer(tmp_path):
    path = tmp_path / "b.png"
    path.write_text("old")
    leave_half_written(path)
    assert path.read_text() == "old"
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    remove_leftovers(tmp_path)
    assert os.listdir(tmp_path) == ["b.png"]


def test_two_writers_of_a_file_do_not_share_what_they_write(tmp_path):
    path = tmp_path / "b.png"
    with replacing(path) as first:
        first.write_text("first")
        with replacing(path) as second:
            assert first != second
            second.write_text("second, and longer")
        assert path.read_text() == "second, and longer"
    assert path.read_text() == "first"
    assert os.listdir(tmp_path) == ["b.png"]


def test_links_are_not_written_through(tmp_path, monkeypatch):
    """Neither one at the file's place, nor one at that of its unfinished version."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path = tmp_path / "out" / "b.png"
    path.parent.mkdir()
    path.symlink_to(victim)
    (path.parent / ".b.part.png").symlink_to(victim)
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new" and not path.is_symlink()
    monkeypatch.setattr("secrets.token_hex", lambda _: "guessed")
    (path.parent / ".b.guessed.part.png").symlink_to(victim)
    with pytest.raises(FileExistsError), replacing(path):
        pass
    assert victim.read_text() == "precious"


def test_a_new_file_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("name", ["x" * 255, "x" * 250 + ".jpeg", "ä" * 125 + ".png"])
def test_the_longest_names_can_be_written(tmp_path, name):
    with replacing(tmp_path / name) as temporary:
        temporary.write_text("x")
    assert os.listdir(tmp_path) == [name]


def test_leftovers_that_may_still_be_written_are_kept_and_links_not_followed(tmp_path):
    folder, elsewhere = tmp_path / "a", tmp_path / "elsewhere"
    for each in (folder, elsewhere):
        each.mkdir()
        leave_half_written(each / "b.png")
    (folder / "link").symlink_to(elsewhere)
    (left,) = (path for path in folder.iterdir() if path.name != "link")
    remove_leftovers(folder, unused_s=60)
    assert left.exists()
    os.utime(left, (1, 1))
    remove_leftovers(folder, unused_s=60)
    remove_leftovers(folder)
    assert os.listdir(folder) == ["link"] and len(os.listdir(elsewhere)) == 1


def test_leftovers_of_former_versions_are_known():
    assert is_leftover(Path(".b.part.png")) and is_leftover(Path(".b.part"))


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
