"""A folder of results: what counts as done, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from uncertain_densepose.cli.run_folder import RunFolder, RunFolderError
from uncertain_densepose.inference.image_sources import SourceImage

SETTINGS = {"weights": "abc", "score_threshold": 0.5, "pictures": ["part", "uv"]}


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(b"pixels")
    return path


def image_of(path: Path, name: str = "photo") -> SourceImage:
    return SourceImage(name, path, None, lambda: None)


def finish(folder: RunFolder, image: SourceImage, *outputs: str, records=()) -> None:
    for name in outputs:
        (folder.path / name).write_text("result")
    folder.finish(image, outputs, records)


def test_finished_images_are_done_in_the_next_run_too(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    assert not folder.is_done(image_of(photo))
    finish(folder, image_of(photo), "photo.png")
    assert folder.is_done(image_of(photo))
    again = RunFolder(tmp_path / "out", dict(SETTINGS))
    assert again.is_done(image_of(photo)) and again.names == ["photo"]


def test_an_image_without_results_can_be_done(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    finish(folder, image_of(photo))
    assert RunFolder(tmp_path / "out", SETTINGS).is_done(image_of(photo))


def test_a_result_that_was_removed_is_not_done(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    finish(folder, image_of(photo), "photo.0.png", "photo.1.png")
    (folder.path / "photo.1.png").unlink()
    assert not folder.is_done(image_of(photo))


def test_an_image_that_changed_is_done_anew_and_loses_its_old_results(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    finish(folder, image_of(photo), "photo.0.png", "photo.1.png", records=[{"n": 1}])
    photo.write_bytes(b"other pixels")
    assert not folder.is_done(image_of(photo))
    finish(folder, image_of(photo), "photo.0.png", records=[{"n": 2}])
    assert folder.is_done(image_of(photo))
    assert sorted(p.name for p in folder.path.glob("*.png")) == ["photo.0.png"]
    assert list(RunFolder(tmp_path / "out", SETTINGS).records()) == [{"n": 2}]


def test_results_of_another_file_of_that_name_are_not_written_over(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    finish(folder, image_of(photo), "photo.png")
    other = tmp_path / "other.png"
    other.write_bytes(b"something else")
    with pytest.raises(RunFolderError, match="already has results 'photo', from .*photo.png"):
        folder.is_done(image_of(other))


def test_images_that_were_moved_are_done(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    finish(folder, image_of(photo), "photo.png")
    moved = photo.rename(tmp_path / "moved.png")
    assert folder.is_done(image_of(moved))


def test_records_come_in_natural_order_once_an_image(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    for name in ("img10", "img2", "img1", "img2"):
        finish(folder, image_of(photo, name), records=[{"of": name}, {"text": "é"}])
    assert [r["of"] for r in folder.records() if "of" in r] == ["img1", "img2", "img10"]
    assert list(RunFolder(tmp_path / "new", SETTINGS).records()) == []


def test_a_line_cut_short_by_a_kill_is_forgotten(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    finish(folder, image_of(photo, "a"), records=[{"of": "a"}])
    finish(folder, image_of(photo, "b"), records=[{"of": "b"}])
    file = folder.path / "done.jsonl"
    os.truncate(file, file.stat().st_size - 5)
    again = RunFolder(tmp_path / "out", SETTINGS)
    assert again.names == ["a"]
    finish(again, image_of(photo, "c"), records=[{"of": "c"}])
    assert list(RunFolder(tmp_path / "out", SETTINGS).records()) == [{"of": "a"}, {"of": "c"}]


@pytest.mark.parametrize(
    "other, message",
    [
        ({"score_threshold": 0.3}, "score_threshold was 0.5, is 0.3"),
        ({"weights": "x" * 64}, 'weights was "abc", is "xxx'),
        ({"side": 640}, "side was null, is 640"),
        ({"pictures": ["part"]}, "pictures was"),
    ],
)
def test_results_of_other_settings_are_refused(tmp_path, other, message):
    RunFolder(tmp_path / "out", SETTINGS)
    with pytest.raises(RunFolderError, match="choose another --out, or use --overwrite") as error:
        RunFolder(tmp_path / "out", SETTINGS | other)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_setting_that_is_gone_is_another_setting(tmp_path):
    RunFolder(tmp_path / "out", SETTINGS)
    with pytest.raises(RunFolderError, match='weights was "abc", is null'):
        RunFolder(tmp_path / "out", {k: v for k, v in SETTINGS.items() if k != "weights"})


def test_overwriting_removes_what_the_run_wrote_and_nothing_else(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    finish(folder, image_of(photo), "photo.0.png", "photo.1.png")
    (folder.path / "mine.txt").write_text("keep")
    (folder.path / "list.json").write_text("all")
    folder.finish_run(["list.json"])
    again = RunFolder(tmp_path / "out", SETTINGS | {"score_threshold": 0.3}, overwrite=True)
    assert not again.is_done(image_of(photo))
    assert sorted(os.listdir(again.path)) == ["mine.txt", "run.json"]
    settings = json.loads((again.path / "run.json").read_text())["settings"]
    assert settings["score_threshold"] == 0.3


@pytest.mark.parametrize("file", ["done.jsonl", "run.json"])
def test_overwriting_damaged_records_starts_anew(tmp_path, file):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    (folder.path / file).write_text("no json\n")
    assert RunFolder(tmp_path / "out", SETTINGS, overwrite=True).names == []


@pytest.mark.parametrize(
    "file, content, message",
    [
        ("done.jsonl", "no json\n", "done.jsonl: line 1 is damaged"),
        ("done.jsonl", '{"name": "a"}\n', "done.jsonl: line 1 is damaged"),
        ("run.json", "{", "run.json: missing, or not the record of a run"),
        ("run.json", "[]", "run.json: missing, or not the record of a run"),
        ("run.json", '{"settings": {}}', "run.json: missing, or not the record of a run"),
    ],
)
def test_damaged_records_are_named(tmp_path, file, content, message):
    RunFolder(tmp_path / "out", SETTINGS)
    (tmp_path / "out" / file).write_text(content)
    with pytest.raises(RunFolderError, match=message):
        RunFolder(tmp_path / "out", SETTINGS)


def test_files_of_the_whole_run_are_remembered(tmp_path):
    RunFolder(tmp_path / "out", SETTINGS).finish_run(["b.mp4"])
    folder = RunFolder(tmp_path / "out", SETTINGS)
    folder.finish_run(["a.mp4", "b.mp4"])
    content = json.loads((folder.path / "run.json").read_text())
    assert content == {"settings": SETTINGS, "outputs": ["a.mp4", "b.mp4"]}


def test_results_without_their_settings_are_refused(tmp_path, photo):
    folder = RunFolder(tmp_path / "out", SETTINGS)
    finish(folder, image_of(photo))
    (folder.path / "run.json").unlink()
    with pytest.raises(RunFolderError, match="run.json: missing, or not"):
        RunFolder(tmp_path / "out", SETTINGS)


def test_a_file_is_no_folder(photo):
    with pytest.raises(RunFolderError, match="must be a folder"):
        RunFolder(photo, SETTINGS)


OUTSIDE = {
    "parent": "../victim.txt",
    "deep": "a/../../victim.txt",
    "absolute": "{victim}",
    "link": "link/victim.txt",
    "file link": "victim_link",
    "folder": "inner",
    "itself": ".",
    "empty": "",
    "zero": "a\0b",
    "number": 7,
    "none": None,
    "list": ["a.png"],
}


@pytest.fixture
def received(tmp_path):
    """A folder from elsewhere beside a victim, with links to it."""
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    out = tmp_path / "out"
    RunFolder(out, SETTINGS)
    (out / "inner").mkdir()
    (out / "link").symlink_to(tmp_path)
    (out / "victim_link").symlink_to(victim)
    (out / "own.png").write_text("result")
    return out, victim


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize(
    ("record", "kind"),
    [
        *((record, kind) for record in ("run.json", "done.jsonl") for kind in OUTSIDE),
        # Of an image, to which an ending is added.
        *(("name", kind) for kind in ("parent", "deep", "absolute", "link", "zero")),
    ],
)
def test_a_received_folder_that_names_files_elsewhere_is_left_as_it_is(
    received, photo, record, kind, overwrite
):
    out, victim = received
    name = OUTSIDE[kind]
    if kind == "absolute":
        name = name.format(victim=victim)
    line = {"name": "photo", "source": str(photo), "stamp": [], "outputs": ["own.png", name]}
    if record == "run.json":
        content = {"settings": SETTINGS, "outputs": ["own.png", name]}
        (out / record).write_text(json.dumps(content))
    elif record == "done.jsonl":
        (out / record).write_text(json.dumps(line) + "\n")
    else:
        line |= {"name": name, "outputs": ["own.png"]}
        (out / "done.jsonl").write_text(json.dumps(line) + "\n")
    before = {path: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with pytest.raises(RunFolderError, match=f"^{out}.*nothing was changed") as caught:
        RunFolder(out, SETTINGS, overwrite)
    assert "\n" not in str(caught.value)
    assert victim.read_text() == "precious"
    assert {path: path.read_bytes() for path in out.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("record", ["done.jsonl", "run.json"])
@pytest.mark.parametrize("content", ["precious, and no line feed", '{"a": 1}\n'])
def test_a_record_that_is_a_link_to_elsewhere_is_neither_cut_nor_written(
    received, record, content, overwrite
):
    out, victim = received
    victim.write_text(content)
    (out / record).unlink(missing_ok=True)
    (out / record).symlink_to(victim)
    with pytest.raises(RunFolderError, match=f"{record}' leads out of the folder"):
        RunFolder(out, SETTINGS, overwrite)
    assert victim.read_text() == content and (out / record).is_symlink()


def test_nothing_is_written_through_a_link_to_elsewhere(received, photo):
    out, _ = received
    folder = RunFolder(out, SETTINGS)
    with pytest.raises(RunFolderError, match="leads out of the folder, by a symbolic link"):
        folder.is_done(image_of(photo, "link/photo"))
    assert not folder.is_done(image_of(photo, "inner/photo"))
