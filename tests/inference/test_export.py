"""Predictions in files can be read back."""

from __future__ import annotations

import json

import numpy as np
from inference.people_factory import figure_person, linear_person

from uncertain_densepose.inference import result_records, save_maps


def test_maps_are_read_back_without_pickle(tmp_path):
    people = [
        figure_person((2, 3, 40, 60), (70, 50)),
        linear_person((5, 5, 9, 9), (70, 50), variance=None),
    ]
    save_maps(tmp_path / "maps.npz", people)
    with np.load(tmp_path / "maps.npz", allow_pickle=False) as archive:
        assert archive["num_people"] == 2
        assert archive["0/window"].tolist() == [2, 3, 40, 60]
        assert archive["0/part"].dtype == np.uint8
        np.testing.assert_array_equal(archive["0/part"], people[0].part)
        for name in ("uv", "covariance_uv", "sigma_uv", "sigma_cm"):
            np.testing.assert_array_equal(archive[f"0/{name}"], getattr(people[0], name))
        assert "1/uv" in archive.files and "1/sigma_cm" not in archive.files


def test_no_people_give_an_archive_that_says_so(tmp_path):
    save_maps(tmp_path / "maps.npz", [])
    with np.load(tmp_path / "maps.npz") as archive:
        assert archive["num_people"] == 0


def test_records_are_json_with_coco_boxes():
    person = linear_person((2.5, 3, 10, 23), (40, 40), score=0.75)
    (record,) = json.loads(json.dumps(result_records([person], "a/b.jpg", "b.npz")))
    assert record["bbox"] == [2.5, 3, 7.5, 20]
    assert record["category_id"] == 1 and record["score"] == 0.75
    assert (record["file_name"], record["maps"], record["person"]) == ("a/b.jpg", "b.npz", 0)
    assert record["window"] == [2, 3, 10, 23]
