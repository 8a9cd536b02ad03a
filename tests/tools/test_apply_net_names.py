"""tools/apply_net.py: pictures of unusual names, in folders of unusual names."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.tools.apply_net_runs import failed, files_of, picture
from uncertain_densepose.cli import apply

LONG = "a" * 248
"""With a suffix of four characters, a name of 252."""

PICTURES = ("iuv", "inds", "parts", "cutout")


@pytest.mark.parametrize(
    ("command", "ending", "extra"),
    [
        ("show", ".png", ()),
        ("dump", ".npz", ()),
        ("dump", None, ("--format", "coco")),
    ],
)
def test_names_of_252_characters_have_results(run, tmp_path, command, ending, extra):
    run(command, picture(tmp_path / f"{LONG}.png", 120), extra=extra)
    found = set(files_of(tmp_path / "out"))
    assert found >= ({"coco_results.json"} if ending is None else {f"{LONG}{ending}"})
    assert not [name for name in found if ".part" in name]


@pytest.mark.parametrize(
    ("command", "longest", "extra"),
    [
        ("dump", 244, ("--format", *PICTURES)),
        ("dump", 247, ("--format", "npz", "iuv")),
        ("surface", 242, ()),
    ],
)
def test_names_without_room_are_refused_before_the_model_is_loaded(
    run, tool, tmp_path, command, longest, extra, monkeypatch, capsys
):
    run(command, picture(tmp_path / f"{'b' * longest}.png", 120), extra=extra)
    monkeypatch.setattr(apply, "build_predictor", lambda args: pytest.fail("loaded"))
    long = picture(tmp_path / f"{'c' * (longest + 1)}.png", 120)
    files = ["--config-file", "c.yaml", "--weights", "w.pth", "--out", str(tmp_path / "none")]
    message = failed(tool.main, capsys, 2, [command, str(long), *files, *extra])
    assert "have a name of 256 bytes" in message and "shorten the name" in message
    assert not (tmp_path / "none").exists()


def test_bytes_count_not_characters(run, tmp_path, capsys):
    run("dump", picture(tmp_path / f"{'ä' * 124}.png", 120))
    assert f"{'ä' * 124}.npz" in files_of(tmp_path / "out")


def test_a_folder_of_odd_names_is_taken_whole_and_counted(run, tmp_path, capsys):
    """Brackets are no pattern where a folder has them; endings do not matter, contents do."""
    folder = tmp_path / "shots [1]" / "day*2"
    bright = picture(tmp_path / "bright.png", 120)
    folder.mkdir(parents=True)
    for name in ("DSC0001", "b.jfif", "c.png.bak", "d[1].png", "e?.JPG", "ünï.png"):
        shutil.copy(bright, folder / name)
    (folder / "notes.txt").write_text("no picture")
    (folder / "broken.jpg").write_bytes(bright.read_bytes()[:40])
    with pytest.raises(SystemExit):
        run("dump", tmp_path / "shots [1]")
    printed = capsys.readouterr()
    assert "images: 6, skipped as done before: 0, people: 6" in printed.out
    assert "1 could not be used" in printed.err and "broken.jpg" in printed.err
    records = json.loads((tmp_path / "out" / "predictions.json").read_text())
    names = ["DSC0001", "b.jfif", "c.png.bak", "d[1]", "e?", "ünï"]
    assert sorted(record["maps"] for record in records) == [f"day*2/{n}.npz" for n in names]
    run("dump", f"{tmp_path}/shots [1]/day*2/d*.png", out=tmp_path / "pattern")
    assert "d[1].npz" in files_of(tmp_path / "pattern")
