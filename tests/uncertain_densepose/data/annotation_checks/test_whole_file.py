"""Labels that cannot be right are found over the whole file, with the likely cause."""

import json

import numpy as np
import pytest

from tests.uncertain_densepose.data.oddities import annotation, coco, image_entry
from tests.uncertain_densepose.evaluation.scene import encoded
from uncertain_densepose.data import load_densepose_json
from uncertain_densepose.data.annotation_checks import Purpose, Severity, screen
from uncertain_densepose.evaluation import GroundTruth
from uncertain_densepose.structures.coco_annotation import AnnotationFileError
from uncertain_densepose.surface.parts import FINE_TO_COARSE, FLIP_PARTS

NUM_PEOPLE, NUM_POINTS = 10, 40
BOX = [6.0, 9.0, 30.0, 40.0]


def staircase(coarse: int) -> np.ndarray:
    """(256, 256) cells of a coarse part: a row of bars, the lower the longer."""
    cells = np.zeros((256, 256))
    cells[15 * coarse : 15 * coarse + 15, 10 : 10 + 8 * coarse] = 1
    return cells


MASKS = [encoded(staircase(coarse)) for coarse in range(1, 15)]


def person(key: int) -> dict:
    """Points on the masks of their parts, which lie asymmetrically in the box."""
    rng = np.random.default_rng(key)
    part = rng.integers(1, 25, NUM_POINTS)
    coarse = FINE_TO_COARSE[part]
    return annotation(
        id=key,
        bbox=BOX,
        dp_x=(10.5 + rng.random(NUM_POINTS) * (8 * coarse - 1)).tolist(),
        dp_y=(15.5 + rng.random(NUM_POINTS) * 14 + 15 * (coarse - 1)).tolist(),
        dp_I=part.tolist(),
        dp_U=rng.random(NUM_POINTS).tolist(),
        dp_V=rng.random(NUM_POINTS).tolist(),
        dp_masks=MASKS,
    )


def with_segmentation(one: dict) -> dict:
    """The same mask as a segmentation of the image instead of part masks."""
    row, column = np.mgrid[:64, :80] + 0.5
    x, y = (((value - BOX[k]) / BOX[2 + k] * 256) for k, value in enumerate((column, row)))
    inside = (x >= 0) & (x < 256) & (y >= 0) & (y < 256)
    union = sum(staircase(coarse) for coarse in range(1, 15))
    cells = union[np.clip(y, 0, 255).astype(int), np.clip(x, 0, 255).astype(int)]
    return one | {"dp_masks": [], "segmentation": encoded(cells * inside > 0)}


def content(change=lambda one: {}, whole=False) -> dict:
    people = [person(key) for key in range(NUM_PEOPLE)]
    people = [one | change(one) for one in people]
    people = [with_segmentation(one) for one in people] if whole else people
    return coco(people, [image_entry(1)])


def positions(one):
    return np.array([one["dp_x"], one["dp_y"]])


def as_fields(xy):
    return {"dp_x": xy[0].tolist(), "dp_y": xy[1].tolist()}


def in_pixels(one):
    return positions(one) / 255 * np.array(BOX[2:])[:, None]


MISTAKES = {
    "fractions": (lambda one: as_fields(positions(one) / 255), "fractions of the box"),
    "pixels of the box": (lambda one: as_fields(in_pixels(one)), "as pixels of the box"),
    "pixels of the image": (
        lambda one: as_fields(in_pixels(one) + np.array(BOX[:2])[:, None]),
        "as pixels of the image",
    ),
    "exchanged": (lambda one: as_fields(positions(one)[::-1]), "exchanged"),
    "mirrored": (lambda one: {"dp_x": (255 - positions(one)[0]).tolist()}, "left to right"),
    "upside down": (lambda one: {"dp_y": (255 - positions(one)[1]).tolist()}, "top to bottom"),
}


@pytest.mark.parametrize("whole", [False, True], ids=["part masks", "segmentation"])
def test_right_labels_are_on_their_masks(whole):
    found = screen(content(whole=whole)).report.findings
    assert not {"points_misplaced", "points_off_masks", "parts_shifted", "parts_off_masks"} & (
        found.keys()
    )


@pytest.mark.parametrize("whole", [False, True], ids=["part masks", "segmentation"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_misplaced_points_are_explained(mistake, whole):
    change, cause = MISTAKES[mistake]
    report = screen(content(change, whole)).report
    (evidence,) = report.findings["points_misplaced"].first_ids
    assert cause in evidence and f"of {NUM_PEOPLE * NUM_POINTS} points are on the masks" in evidence
    assert "points_off_masks" not in report.findings
    for purpose in Purpose:
        names = {finding.check.name for finding in report.of(Severity.FATAL, purpose)}
        assert "points_misplaced" in names


def moved(by):
    return lambda one: {"dp_I": [part + by for part in one["dp_I"]]}


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (moved(-1), "one higher: they are counted from 0"),
        (moved(1), "one lower"),
        (lambda one: {"dp_I": FLIP_PARTS[one["dp_I"]].tolist()}, "left and right exchanged"),
    ],
)
def test_charts_that_do_not_fit_the_part_masks_are_explained(change, cause):
    report = screen(content(change)).report
    (evidence,) = report.findings["parts_shifted"].first_ids
    assert cause in evidence and "points_misplaced" not in report.findings


@pytest.mark.parametrize(("factor", "largest"), [(255, "254"), (100, "99")])
def test_coordinates_of_another_scale_are_told(factor, largest):
    def scaled(one):
        return {name: [factor * value for value in one[name]] for name in ("dp_U", "dp_V")}

    report = screen(content(scaled)).report
    (evidence,) = report.findings["uv_in_other_units"].first_ids
    assert f"of {NUM_PEOPLE * NUM_POINTS}; the largest is {largest}" in evidence
    assert report.findings["most_points_left_out"].check.severity is Severity.WARNING


def test_points_that_fit_in_no_way_are_a_warning():
    def anywhere(one):
        return as_fields(np.random.default_rng(one["id"]).uniform(0, 255, (2, NUM_POINTS)))

    report = screen(content(anywhere)).report
    assert "points_off_masks" in report.findings and not report.of(Severity.FATAL)
    assert "points_off_masks: " in report.summary()


def test_charts_that_fit_in_no_way_are_a_warning():
    def any_part(one):
        return {"dp_I": np.random.default_rng(100 + one["id"]).integers(1, 25, NUM_POINTS).tolist()}

    report = screen(content(any_part)).report
    assert "parts_off_masks" in report.findings and not report.of(Severity.FATAL)


def test_a_few_points_say_nothing():
    few = content(MISTAKES["mirrored"][0])
    few["annotations"] = few["annotations"][:1]
    assert not {"points_misplaced", "points_off_masks"} & screen(few).report.findings.keys()


@pytest.mark.parametrize("mistake", ["mirrored", "fractions"])
def test_neither_training_nor_evaluation_begins(mistake, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content(MISTAKES[mistake][0])))
    cause = MISTAKES[mistake][1]
    with pytest.raises(AnnotationFileError, match=f"a.json: .*dp_x and dp_y.*{cause}"):
        load_densepose_json("wrong", path, tmp_path, "make it")
    with pytest.raises(AnnotationFileError, match=f"a.json: .*dp_x and dp_y.*{cause}"):
        GroundTruth.load(path)


def test_a_large_file_is_measured_in_part():
    """Of the people after the first 200 every tenth is looked at, and no mistake is missed."""
    people = [person(key % NUM_PEOPLE) | {"id": key} for key in range(700)]
    wrong = [one | MISTAKES["mirrored"][0](one) for one in people[10:]]
    report = screen(coco([*people[:10], *wrong], [image_entry(1)])).report
    (evidence,) = report.findings["points_misplaced"].first_ids
    assert f"of {(200 + 50) * NUM_POINTS} points" in evidence
