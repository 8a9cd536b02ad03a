"""tools/apply_net.py --boxes: people where another detector found them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.tools.apply_net_runs import FakePredictor, failed
from tests.uncertain_densepose.inference.people_factory import figure_person


@pytest.fixture
def boxes(tmp_path, monkeypatch):
    """Writes a file of boxes; the stand-in reads a person in each."""

    def predict_boxes(self, image, boxes_xyxy, scores):
        if (boxes_xyxy[:, 0] > image.shape[1]).any():
            raise ValueError("box 0 of boxes_xyxy lies outside the image")
        return [
            figure_person(tuple(box), image.shape[:2], score=float(score))
            for box, score in zip(boxes_xyxy, scores, strict=True)
        ]

    monkeypatch.setattr(FakePredictor, "predict_boxes", predict_boxes, raising=False)

    def write(*records):
        path = tmp_path / "boxes.json"
        path.write_text(json.dumps(records))
        return path

    return write


def record(image_id, box, score=0.9, category=1):
    return {"image_id": image_id, "category_id": category, "bbox": box, "score": score}


def dumped(tmp_path):
    return json.loads((tmp_path / "out" / "predictions.json").read_text())


def test_people_are_read_in_the_given_boxes(run, boxes, tmp_path, bright, dark):
    file = boxes(
        record("dark", [10, 10, 30, 50], 0.8), record("dark", [5, 5, 9, 9], 0.3),
        record("bright", [1, 2, 30, 40], category=2),
    )  # fmt: skip
    predictor = run("dump", bright, dark, extra=["--boxes", str(file)])
    (found,) = dumped(tmp_path)
    assert found["file_name"] == str(dark) and found["score"] == pytest.approx(0.8)
    np.testing.assert_allclose(found["bbox"], [10, 10, 30, 50])
    assert predictor.images == 0


def test_images_are_found_by_the_ids_of_their_list(run, boxes, tmp_path, bright, dark):
    images = [{"id": 5, "file_name": "bright.png"}, {"id": 9, "file_name": "dark.png"}]
    categories = [{"id": 1, "name": "dog"}, {"id": 2, "name": "person"}]
    listing = tmp_path / "list.json"
    listing.write_text(json.dumps({"images": images, "categories": categories}))
    file = boxes(record(9, [3, 4, 20, 30], category=2), record(5, [3, 4, 20, 30], category=1))
    run("dump", bright, dark, extra=["--boxes", str(file), "--boxes-images", str(listing)])
    assert [one["file_name"] for one in dumped(tmp_path)] == [str(dark)]


def test_a_box_outside_its_image_is_told_with_the_file(run, boxes, tmp_path, bright, dark, capsys):
    file = boxes(record("dark", [900, 10, 30, 50]), record("bright", [1, 2, 30, 40]))
    with pytest.raises(SystemExit):
        run("dump", bright, dark, extra=["--boxes", str(file)])
    assert f"{dark}: {file}: box 0 of boxes_xyxy lies outside" in capsys.readouterr().err
    assert len(dumped(tmp_path)) == 1


def test_other_boxes_are_another_run(run, boxes, tmp_path, bright, capsys):
    run("dump", bright, extra=["--boxes", str(boxes(record("bright", [1, 2, 30, 40])))])
    file = boxes(record("bright", [1, 2, 20, 20]))
    assert "boxes_sha256" in failed(run, capsys, 2, "dump", bright, extra=["--boxes", str(file)])


def test_boxes_of_none_of_the_images_are_refused(run, boxes, bright, capsys):
    file = boxes(record("somewhere else", [1, 2, 30, 40]))
    message = failed(run, capsys, 2, "dump", bright, extra=["--boxes", str(file)])
    assert "none of its boxes is of one of the images" in message


def test_a_list_of_images_alone_is_refused(run, bright, tmp_path, capsys):
    message = failed(run, capsys, 2, "dump", bright, extra=["--boxes-images", "list.json"])
    assert "--boxes-images is for --boxes alone" in message
