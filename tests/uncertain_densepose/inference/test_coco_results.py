"""Result files go through the reader of the evaluation."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.inference.people_factory import figure_person, linear_person
from uncertain_densepose.evaluation.files.iuv_codec import decode_iuv
from uncertain_densepose.evaluation.files.result_file import ResultFile
from uncertain_densepose.evaluation.ground_truth.ground_truth import GroundTruth
from uncertain_densepose.inference import coco_results, write_coco_results
from uncertain_densepose.inference.coco_results import quantised_iuv

SIZE = (70, 50)
BOXES = {
    "whole pixels": (2, 3, 40, 60),
    "fractional edges": (2.3, 3.8, 40.6, 60.1),
    "beyond the image": (-10.5, 20, 60.25, 90),
    "less than a pixel": (3.3, 2.2, 3.8, 2.9),
}


@pytest.mark.parametrize("encoding", ["png", "lists", "challenge"])
@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_every_form_is_decoded_to_what_was_written(box, encoding):
    person = figure_person(box, SIZE)
    (record,) = json.loads(json.dumps(coco_results([person], 7, encoding=encoding)))
    x, y, width, height = record["bbox"]
    assert x >= 0 and y >= 0 and x + width <= 50 and y + height <= 70
    decoded = decode_iuv(record, np.array(record["bbox"]))
    np.testing.assert_array_equal(decoded, quantised_iuv(person, np.array(record["bbox"])))


def test_the_array_is_that_of_the_persons_pixels():
    person = figure_person((2, 3, 40, 60), SIZE)
    part, u, v = quantised_iuv(person, np.array([2, 3, 38, 57]))
    np.testing.assert_array_equal(part, person.part)
    shown = part > 0
    expected = np.clip(person.uv[shown], 0, 1) * 255
    assert np.abs(np.stack([u, v], axis=-1)[shown] - expected).max() <= 0.501
    assert (u[~shown] == 0).all() and (v[~shown] == 0).all()


def test_a_box_with_fractional_edges_is_read_at_the_centres_of_its_own_pixels():
    person = linear_person((2.25, 3.5, 42.25, 63.5), SIZE, derivative=((0.6, 0), (0, 0.6)))
    _, u, _ = quantised_iuv(person, np.array([2.25, 3.5, 40, 60]))
    expected = 255 * (0.2 + 0.6 * (np.arange(40) + 0.5) / 40)
    assert np.abs(u[30, 2:-2] - expected[2:-2]).max() <= 0.51


@pytest.mark.parametrize("similarity", [False, True])
@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_a_large_person_is_read_in_bands(monkeypatch, box, similarity):
    """So that a person over 12 000 x 9 000 pixels takes little more memory than the record."""
    person = figure_person(box, SIZE)
    if similarity:
        shared = torch.eye(4).mul(1e-3).expand(1, 25, 4, 4)
        person = replace(person, maps=replace(person.maps, shared_covariance=shared))
    whole = coco_results([person], 7)
    monkeypatch.setattr(sys.modules[coco_results.__module__], "POINTS_PER_READ", 90)
    assert coco_results([person], 7) == whole
    assert "_pixels" not in vars(person)


def test_the_reader_of_result_files_takes_them(tmp_path):
    images = [{"id": i, "file_name": f"{i}.jpg", "height": 70, "width": 50} for i in (1, 2, 3)]
    truth = {
        "images": images,
        "annotations": [],
        "categories": [{"id": 1, "name": "person"}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    people = {
        1: [figure_person((2, 3, 40, 60), SIZE, score=0.9), figure_person((-4, 9, 30, 80), SIZE)],
        2: [],
        3: [figure_person((5.5, 5.5, 9.25, 30.75), SIZE, score=0.3)],
    }
    records = (record for image, found in people.items() for record in coco_results(found, image))
    assert write_coco_results(tmp_path / "results.json", records) == 3
    assert len(json.loads((tmp_path / "results.json").read_text())) == 3

    results = ResultFile(tmp_path / "results.json", GroundTruth.load(tmp_path / "truth.json"))
    assert results.num_results == 3
    found = {image.image_id: detections for image, detections in results}
    assert [len(found[i].score) for i in (1, 2, 3)] == [2, 0, 1]
    row, column = np.argwhere(people[1][0].part == 2).T
    xy = np.column_stack([column + 2, row + 3]) + 0.5
    part, uv = found[1].read(np.zeros(len(xy), dtype=np.int64), xy)
    assert (part == 2).all()
    np.testing.assert_allclose(uv, np.clip(people[1][0].uv[row, column], 0, 1), atol=0.51 / 255)


def test_no_results_are_an_empty_array(tmp_path):
    assert write_coco_results(tmp_path / "results.json", []) == 0
    assert json.loads((tmp_path / "results.json").read_text()) == []


def test_a_person_outside_of_the_image_is_no_detection_there():
    assert coco_results([linear_person((60, 1, 70, 4), SIZE)], 1) == []


def test_another_encoding_is_refused():
    with pytest.raises(ValueError, match="encoding must be one of png, lists, challenge"):
        coco_results([], 1, encoding="gif")
