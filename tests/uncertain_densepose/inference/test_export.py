"""Lists of the people of many images, and the ids of images in COCO's files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.uncertain_densepose.inference.people_factory import linear_person
from uncertain_densepose.inference import result_records
from uncertain_densepose.inference.export import coco_image_ids
from uncertain_densepose.structures.coco_annotation import AnnotationFileError


def test_records_are_json_with_coco_boxes():
    person = linear_person((2.5, 3, 10, 23), (40, 40), score=0.75)
    (record,) = json.loads(json.dumps(result_records([person], "a/b.jpg", "b.npz")))
    assert record["bbox"] == [2.5, 3, 7.5, 20]
    assert record["category_id"] == 1 and record["score"] == 0.75
    assert (record["file_name"], record["maps"], record["person"]) == ("a/b.jpg", "b.npz", 0)
    assert record["window"] == [2, 3, 10, 23]


def test_frames_of_a_video_say_which_one():
    (record,) = result_records([linear_person((0, 0, 9, 9), (40, 40))], "v.mp4", "v/3.npz", frame=3)
    assert record["frame"] == 3


def write_coco(tmp_path, *names):
    file = tmp_path / "val.json"
    images = [{"id": 100 + number, "file_name": name} for number, name in enumerate(names)]
    file.write_text(json.dumps({"images": images}))
    return file


def test_ids_are_those_of_the_longest_ending_of_the_path(tmp_path):
    file = write_coco(tmp_path, "x.jpg", "val/x.jpg", "train/x.jpg", "y.jpg")
    paths = [Path(path) for path in ("a/val/x.jpg", "a/train/x.jpg", "other/x.jpg", "y.jpg")]
    assert list(coco_image_ids(file, paths).values()) == [101, 102, 100, 103]


def test_an_image_that_the_annotations_lack_is_named(tmp_path):
    with pytest.raises(AnnotationFileError, match="val.json: lists no image .* a/z.jpg"):
        coco_image_ids(write_coco(tmp_path, "x.jpg"), [Path("a/z.jpg")])


@pytest.mark.parametrize("content", ["no json", "[]", "{}", '{"images": [{"id": 1}]}'])
def test_annotations_of_another_format_are_refused(tmp_path, content):
    (tmp_path / "val.json").write_text(content)
    with pytest.raises(AnnotationFileError, match="not in COCO's format"):
        coco_image_ids(tmp_path / "val.json", [])
