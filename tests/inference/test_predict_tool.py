"""tools/predict.py: files in, files out, and messages that name what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from inference.people_factory import figure_person
from tool_loader import ROOT, load_tool


@pytest.fixture(scope="module")
def tool():
    return load_tool("predict")


@pytest.fixture
def run(tool, monkeypatch, tmp_path):
    """Call the tool with a predictor that finds one person in bright images, none in dark ones."""

    def find_people(image):
        person = figure_person((5, 5, 50, 70), image.shape[:2], score=0.8)
        return [person] if image.mean() > 100 else []

    monkeypatch.setattr(tool, "Predictor", lambda *arguments, **options: find_people)

    def call(*images: Path, out: Path | None = None, extra: tuple[str, ...] = ()) -> Path:
        out = out or tmp_path / "out"
        files = ["--config-file", "c.yaml", "--weights", "w.pth", "--out", str(out)]
        tool.main([*files, "--input", *map(str, images), *extra])
        return out

    return call


def write_image(path: Path, brightness: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.full((80, 60, 3), brightness, dtype=np.uint8))
    return path


def test_each_image_gets_a_picture_and_its_maps_and_all_people_are_listed(run, tmp_path, capsys):
    bright, dark = write_image(tmp_path / "bright.png", 200), write_image(tmp_path / "dark.png", 9)
    out = run(bright, dark)
    assert "images: 2, people: 1" in capsys.readouterr().out
    (record,) = json.loads((out / "predictions.json").read_text())
    assert record["file_name"] == str(bright) and record["bbox"] == [5, 5, 45, 65]
    with np.load(out / record["maps"]) as maps:
        assert maps[f"{record['person']}/part"].shape == (65, 45)
    with np.load(out / "dark.npz") as maps:
        assert maps["num_people"] == 0
    assert cv2.imread(str(out / "bright.png")) is not None
    assert cv2.imread(str(out / "dark.png")) is not None


def refused(run, capsys, *images, **options) -> str:
    with pytest.raises(SystemExit) as exit_info:
        run(*images, **options)
    assert exit_info.value.code == 2
    return capsys.readouterr().err


def test_a_missing_image_is_named_and_nothing_is_written(run, tmp_path, capsys):
    good = write_image(tmp_path / "good.png", 200)
    assert "none.jpg: no such image" in refused(run, capsys, good, tmp_path / "none.jpg")
    assert not (tmp_path / "out").exists()


def test_a_folder_is_no_image(run, tmp_path, capsys):
    assert "is a folder" in refused(run, capsys, tmp_path)


def test_a_damaged_image_is_named(run, tmp_path, capsys):
    (tmp_path / "damaged.jpg").write_bytes(b"no image at all")
    assert "damaged.jpg: not an image" in refused(run, capsys, tmp_path / "damaged.jpg")


def test_images_that_would_overwrite_each_other_are_refused(run, tmp_path, capsys):
    one, other = write_image(tmp_path / "a" / "x.png", 9), write_image(tmp_path / "b" / "x.png", 9)
    message = refused(run, capsys, one, other)
    assert str(one) in message and str(other) in message


def test_the_output_must_be_a_folder(run, tmp_path, capsys):
    image = write_image(tmp_path / "x.png", 9)
    assert "must be a folder" in refused(run, capsys, image, out=image)


def test_a_threshold_is_a_probability(run, tmp_path, capsys):
    image = write_image(tmp_path / "x.png", 9)
    message = refused(run, capsys, image, extra=("--score-threshold", "50"))
    assert "--score-threshold must be in 0..1, not 50" in message


def test_missing_weights_are_a_message_and_no_traceback(tool, tmp_path, capsys):
    image = write_image(tmp_path / "x.png", 9)
    config = ROOT / "configs" / "synth" / "unc_full.yaml"
    files = ["--config-file", str(config), "--weights", "none.pth", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit):
        tool.main([*files, "--input", str(image)])
    assert "none.pth: no such checkpoint" in capsys.readouterr().err
