"""Which images are shown, where they are found, and what is wrong with some."""

from __future__ import annotations

import base64
import json
import shutil

import cv2
import numpy as np
import pytest

from tests.uncertain_densepose.inference.people_factory import figure_person
from tests.uncertain_densepose.visualization.html_report.results_factory import (
    done_line,
    random_image,
    random_person,
    write_predictions,
)
from uncertain_densepose.inference import result_records, save_people
from uncertain_densepose.visualization.html_report import (
    ReportError,
    choose_images,
    read_pictures,
    read_results,
)
from uncertain_densepose.visualization.html_report.gallery import scaled_size

SIZE = (30, 40)


def predictions(folder, count: int = 1):
    """A run of images NUMBER.png with a person each, and its folder of images."""
    images = {
        random_image(folder / "images" / f"{i}.png", SIZE, i): [random_person((5, 5, 30, 28), SIZE)]
        for i in range(count)
    }
    return read_results([write_predictions(folder / "predictions", images)])


def test_a_picture_has_its_image_people_and_pixels(tmp_path):
    image = random_image(tmp_path / "x.png", SIZE)
    people = [random_person((5, 5, 30, 28), SIZE, k, score) for k, score in enumerate((0.5, 0.75))]
    runs = read_results([write_predictions(tmp_path / "run", {image: people})])
    (picture,) = read_pictures(choose_images(runs, 9).entries, max_side=20)
    assert (picture.run, picture.name) == ("run", str(image))
    assert picture.image_size == SIZE and picture.shown_size == (15, 20)
    assert picture.scores == pytest.approx([0.75, 0.5])
    kind, content = picture.uri.split(",")
    jpeg = cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_COLOR)
    assert kind == "data:image/jpeg;base64" and jpeg.shape == (15, 20, 3)
    expected = cv2.resize(cv2.imread(str(image)), (20, 15), interpolation=cv2.INTER_AREA)
    assert np.abs(jpeg.astype(int) - expected).mean() < 12
    assert len(picture.sigma_cm) > 50 and (picture.sigma_cm > 0).all()


def test_a_picture_has_max_side_pixels_at_most():
    assert scaled_size((30, 40), 512) == (30, 40)
    assert scaled_size((3000, 4000), 512) == (384, 512)
    assert scaled_size((4000, 3), 512) == (512, 1)


def test_too_many_images_are_thinned_out_evenly(tmp_path):
    runs = predictions(tmp_path, 9)
    choice = choose_images(runs, 3)
    assert [entry.file.stem for entry in choice.entries] == ["0", "4", "8"]
    assert choice.num_available == 9 and choice.gone == []
    assert len(choose_images(runs, 100).entries) == 9


def test_images_that_are_gone_are_named_and_the_others_shown(tmp_path):
    runs = predictions(tmp_path, 3)
    (tmp_path / "images" / "1.png").unlink()
    choice = choose_images(runs, 9)
    assert [entry.file.stem for entry in choice.entries] == ["0", "2"]
    assert choice.gone == [f"{tmp_path}/images/1.png (predictions)"]
    assert choice.num_available == 2


def test_images_that_have_moved_are_found_by_their_name(tmp_path):
    runs = predictions(tmp_path, 2)
    shutil.move(tmp_path / "images", tmp_path / "elsewhere")
    assert len(choose_images(runs, 9).gone) == 2
    entries = choose_images(runs, 9, tmp_path / "elsewhere").entries
    assert [entry.file for entry in entries] == [
        tmp_path / "elsewhere" / f"{i}.png" for i in (0, 1)
    ]


def test_names_are_relative_to_here_or_to_the_folder_of_the_predictions(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    image = random_image(folder / "images" / "x.png", SIZE)
    write_predictions(folder, {image.relative_to(folder): [random_person((5, 5, 30, 28), SIZE)]})
    runs = read_results([folder])
    assert choose_images(runs, 9).entries[0].file == image
    here = random_image(tmp_path / "images" / "x.png", SIZE)
    (folder / "done.jsonl").write_text(done_line(here))
    runs = read_results([folder])
    monkeypatch.chdir(tmp_path)
    assert choose_images(runs, 9).entries[0].file.resolve() == here


def test_frames_of_a_video_are_read_by_their_number(tmp_path):
    video = tmp_path / "walk.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"MJPG"), 25, SIZE[::-1])
    for brightness in (10, 60, 110, 160, 210):
        writer.write(np.full((*SIZE, 3), brightness, np.uint8))
    writer.release()
    folder = tmp_path / "run"
    records = []
    folder.mkdir()
    for frame in (0, 3):
        people = [figure_person((5, 5, 30, 28), SIZE)]
        save_people(folder / f"{frame}.npz", people, SIZE)
        records += result_records(people, str(video), f"{frame}.npz", frame)
    (folder / "predictions.json").write_text(json.dumps(records))
    (folder / "done.jsonl").write_text(done_line(video))
    entries = choose_images(read_results([folder]), 9).entries
    assert [entry.name for entry in entries] == [f"{video} frame 0", f"{video} frame 3"]
    brightness = []
    for picture in read_pictures(entries, 100):
        jpeg = np.frombuffer(base64.b64decode(picture.uri.split(",")[1]), np.uint8)
        brightness.append(cv2.imdecode(jpeg, cv2.IMREAD_COLOR).mean())
    assert brightness == pytest.approx([10, 160], abs=4)

    records[1]["frame"] = 7
    (folder / "predictions.json").write_text(json.dumps(records))
    entries = choose_images(read_results([folder]), 9).entries
    with pytest.raises(ReportError, match=r"walk\.avi: has no frame 7"):
        list(read_pictures(entries, 100))


def refused(runs, images=None) -> str:
    with pytest.raises(ReportError) as caught:
        list(read_pictures(choose_images(runs, 9, images).entries, 100))
    return str(caught.value)


def test_half_a_file_is_named(tmp_path):
    runs = predictions(tmp_path)
    maps, image = tmp_path / "predictions" / "000000.npz", tmp_path / "images" / "0.png"
    whole = maps.read_bytes()
    maps.write_bytes(whole[: len(whole) // 2])
    assert "000000.npz: not a .npz file, or truncated" in refused(runs)
    maps.unlink()
    assert "000000.npz: no such file" in refused(runs)
    maps.write_bytes(whole)
    image.write_bytes(image.read_bytes()[:60])
    assert "0.png: damaged or truncated image" in refused(runs, tmp_path / "images")


def test_an_image_of_another_size_is_not_the_one(tmp_path):
    runs = predictions(tmp_path)
    random_image(tmp_path / "images" / "0.png", (30, 41))
    message = refused(runs, tmp_path / "images")
    assert "0.png: has 41 x 30 pixels" in message and "found in an image of 40 x 30" in message
