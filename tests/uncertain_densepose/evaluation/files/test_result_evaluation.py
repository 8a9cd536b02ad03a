"""Result files through all of the evaluation."""

import dataclasses
import math

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.iuv_scene import FORMS, record, write_results
from tests.uncertain_densepose.evaluation.scene import LEFT, RIGHT, coco, unlabelled, write
from uncertain_densepose.evaluation.detections.detection_metrics import evaluate_results
from uncertain_densepose.evaluation.detections.gps_ap import MODES
from uncertain_densepose.evaluation.detections.protocols import count_reference
from uncertain_densepose.evaluation.files.result_file import ResultFile
from uncertain_densepose.evaluation.ground_truth.ground_truth import GroundTruth
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance

pytestmark = pytest.mark.filterwarnings("error:::uncertain_densepose", "error:::numpy")

BOXES = {1: [[10, 20, 40, 60], [70, 20, 80, 90]], 2: [[100, 60, 30, 40]], 3: []}
"""Boxes of the people of each image."""


def half_and_half(box) -> np.ndarray:
    """(3, h, w) uint8: `LEFT` and `RIGHT` of the box, (u, v) the position in it."""
    _, _, width, height = box
    u = (np.arange(width) + 0.5) / width
    v = (np.arange(height) + 0.5) / height
    part = np.where(u < 0.5, LEFT, RIGHT)
    planes = [
        np.broadcast_to(plane, (height, width)) for plane in (part, 255 * u, 255 * v[:, None])
    ]
    return np.stack(planes).round().astype(np.uint8)


def annotation(key, image_id, box, rng) -> dict:
    """A person whose points are at pixel centres, with the answer of `half_and_half`."""
    iuv = half_and_half(box)
    _, height, width = iuv.shape
    row, column = rng.integers(0, height, 12), rng.integers(0, width, 12)
    return unlabelled(
        key,
        image_id,
        box,
        dp_x=((column + 0.5) / width * 255).tolist(),
        dp_y=((row + 0.5) / height * 255).tolist(),
        dp_I=iuv[0, row, column].tolist(),
        dp_U=(iuv[1, row, column] / 255).tolist(),
        dp_V=(iuv[2, row, column] / 255).tolist(),
    )


@pytest.fixture
def ground_truth(tmp_path):
    rng = np.random.default_rng(0)
    people = [
        annotation(10 * image_id + k, image_id, box, rng)
        for image_id, boxes in BOXES.items()
        for k, box in enumerate(boxes)
    ]
    return GroundTruth.load(write(tmp_path / "val.json", coco(people, num_images=3)))


def perfect_records(form="2018"):
    return [
        record(image_id, box, 0.9 - 0.1 * k, half_and_half(box), form)
        for image_id, boxes in BOXES.items()
        for k, box in enumerate(boxes)
    ]


def evaluate(ground_truth, distance, records, tmp_path, **options):
    file = ResultFile(write_results(tmp_path / "results.json", records), ground_truth)
    metrics, _ = evaluate_results(file, distance, **options)
    return metrics


@pytest.mark.parametrize("form", FORMS)
def test_a_perfect_prediction_scores_100(ground_truth, flat_distance, tmp_path, form):
    metrics = evaluate(ground_truth, flat_distance, perfect_records(form), tmp_path)
    assert list(metrics) == [*MODES, "correspondence"]
    for mode in MODES:
        measured = [value for value in metrics[mode].values() if not math.isnan(value)]
        assert measured == pytest.approx([100] * len(measured))
        assert not math.isnan(metrics[mode]["AP"])
    # An area of 100 % up to 10 cm means 0 cm at every point.
    assert metrics["correspondence"]["AUC10"] == 100
    assert metrics["correspondence"]["num_points"] == 36


@pytest.mark.parametrize("count", [2, 0])
def test_people_without_results_are_not_found(ground_truth, flat_distance, tmp_path, count):
    metrics = evaluate(ground_truth, flat_distance, perfect_records()[:count], tmp_path)
    for mode in MODES:
        assert metrics[mode]["AR"] == pytest.approx(100 * count / 3)
    assert metrics["correspondence"]["within_20cm"] == pytest.approx(100 * count / 3)


def test_the_protocol_is_passed_on(ground_truth, flat_distance, tmp_path):
    nobody = [10, 20, 40, 60]
    records = [*perfect_records(), record(3, nobody, 0.99, half_and_half(nobody))]
    strict = evaluate(ground_truth, flat_distance, records, tmp_path)
    reference = evaluate(ground_truth, flat_distance, records, tmp_path, count=count_reference)
    assert strict["densepose_gps"]["AP"] == pytest.approx(75)
    assert reference["densepose_gps"]["AP"] == pytest.approx(100)


INTEGER_FIELDS = ("faces", "face_part", "nearest_geodesic", "geodesic_vertices", "mirror")


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int64])
def test_the_integer_type_of_a_surface_does_not_matter(
    ground_truth, flat_surface, flat_distance, tmp_path, kind
):
    # The surface has 600 vertices and 179 700 distances: their numbers fit in no uint16.
    fields = {
        name: getattr(flat_surface, name).astype(kind if np.iinfo(kind).max > 600 else np.uint16)
        for name in INTEGER_FIELDS
    }
    fields["face_part"] = flat_surface.face_part.astype(kind)
    distance = SurfaceDistance(dataclasses.replace(flat_surface, **fields))
    rng = np.random.default_rng(1)
    records = []
    for image_id, boxes in BOXES.items():
        for box in boxes:
            iuv = half_and_half(box)
            iuv[1:] = np.clip(iuv[1:] + rng.normal(0, 60, iuv[1:].shape), 0, 255)
            iuv[0][rng.random(iuv[0].shape) < 0.2] = 0
            iuv[0][rng.random(iuv[0].shape) < 0.2] = 24
            records.append(record(image_id, box, 0.9, iuv))
    one, other = (evaluate(ground_truth, d, records, tmp_path) for d in (flat_distance, distance))
    np.testing.assert_equal(one, other)
    assert 0 < one["densepose_gpsm"]["AP"] < 100
