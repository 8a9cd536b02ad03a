"""Boxes of another detector, by image."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from uncertain_densepose.inference.given_boxes import BoxFileError, GivenBoxes


def result(image_id, *bbox, **more):
    return {"image_id": image_id, "category_id": 1, "bbox": list(bbox), "score": 0.9} | more


@pytest.fixture
def given(tmp_path):
    def read(*records, text=None, **options):
        path = tmp_path / "boxes.json"
        path.write_text(json.dumps(records) if text is None else text)
        return GivenBoxes(path, 1, **options)

    return read


@pytest.mark.parametrize("image_id", ["a/000042", "000042.jpg", 42])
def test_an_image_is_known_by_its_name_or_the_number_in_it(given, image_id):
    boxes, scores = given(result(image_id, 1, 2, 3, 4)).of("a/000042", Path("a/000042.jpg"))
    np.testing.assert_array_equal(boxes, [[1, 2, 4, 6]])
    assert scores.tolist() == pytest.approx([0.9])


def test_ids_of_an_annotation_file_come_before_names(given):
    ids = {Path("a/7.jpg"): 3}
    read = given(result(7, 1, 1, 1, 1), result(3, 5, 5, 1, 1), image_ids=ids)
    np.testing.assert_array_equal(read.of("7", Path("a/7.jpg"))[0], [[5, 5, 6, 6]])


def test_boxes_come_highest_score_first_and_below_the_threshold_not_at_all(given):
    records = [result("x", k, 0, 1, 1, score=score) for k, score in enumerate((0.2, 0.6, 0.9))]
    boxes, scores = given(*records, score_threshold=0.5).of("x", Path("x.png"))
    assert boxes[:, 0].tolist() == [2, 1] and scores.tolist() == pytest.approx([0.9, 0.6])


def test_other_categories_are_passed_over_and_a_box_without_score_or_category_counts(given):
    plain = {"image_id": "x", "bbox": [0, 0, 2, 2]}
    read = given(result("x", 0, 0, 9, 9, category_id=3), plain)
    boxes, scores = read.of("x", Path("x.png"))
    assert boxes.tolist() == [[0, 0, 2, 2]] and scores.tolist() == [1]


def test_an_image_without_boxes_has_none(given):
    read = given(result("x", 0, 0, 1, 1), result("clip/000003", 0, 0, 1, 1))
    assert read.of("y", Path("y.png"))[0].shape == (0, 4)
    assert not read.knows("y", Path("y.png")) and read.knows("clip", Path("clip.mp4"))


@pytest.mark.parametrize(
    "record, text",
    [
        (result("x", 0, 0, 0, 1), "result 0: field 'bbox' has no area: 0 x 1 pixels"),
        (result("x", 0, 0, 1), "result 0: field 'bbox' is not a list of four finite numbers"),
        (result("x", 0, 0, 1, float("inf")), "result 0: field 'bbox' is not a list of four"),
        (result("x", 0, 0, 1, 1, score="1"), "result 0: field 'score' is '1', not a finite number"),
        (result(None, 0, 0, 1, 1), "result 0: field 'image_id' is None, not an integer or a str"),
        ([], "result 0: field 'image_id' is missing: the result is not a JSON object"),
    ],
)
def test_a_record_that_cannot_be_used_is_named(given, record, text):
    with pytest.raises(BoxFileError, match=r"boxes\.json: ") as caught:
        given(record)
    assert text in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["{}", "[1", "", "[[[["])
def test_a_file_that_is_no_list_is_refused(given, text):
    with pytest.raises(BoxFileError, match=r"boxes\.json: "):
        given(text=text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BoxFileError, match="no such file of boxes"):
        GivenBoxes(tmp_path / "none.json", 1)
