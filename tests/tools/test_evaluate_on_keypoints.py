"""tools/evaluate_on_keypoints.py on rendered people whose every pixel is known."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import cv2
import matplotlib.image
import numpy as np
import pytest

from synthetic_people import image as synthetic_image
from synthetic_people.person import PersonMaker
from synthetic_people.scene_kind import SceneKind
from tests.uncertain_densepose.evaluation.keypoints.keypoint_scene import Detection
from tests.uncertain_densepose.inference.people_factory import figure_person
from uncertain_densepose.choices import BOX_SOURCES
from uncertain_densepose.cli import keypoints as command
from uncertain_densepose.evaluation.keypoints.keypoint_file import read_keypoint_set
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance
from uncertain_densepose.surface import FLIP_PARTS
from uncertain_densepose.visualization.keypoint_marks import Mark

SIDE, NUM_IMAGES = 256, 8
OUTLINE_M = 0.1
FRONT_AS_BACK = np.arange(25)
FRONT_AS_BACK[[1, 2, 7, 8, 9, 10, 11, 12, 13, 14]] = [2, 1, 9, 10, 7, 8, 13, 14, 11, 12]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory, embedded_surface):
    """Images with people, their annotation file, and for each image the true detections."""
    folder = tmp_path_factory.mktemp("rendered")
    maker = PersonMaker.create(embedded_surface)
    truth, records, annotations = {}, [], []
    annotate = synthetic_image.annotate_person
    for key in range(1, NUM_IMAGES + 1):
        seen = []

        def annotate_and_keep(index, scene, mesh, caster, correspondences, *rest, seen=seen):
            annotation = annotate(index, scene, mesh, caster, correspondences, *rest)
            seen.append(true_detection(index, mesh, correspondences, annotation["bbox"]))
            return annotation | {
                "keypoints": in_view(annotation["keypoints"], correspondences, index)
            }

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(synthetic_image, "annotate_person", annotate_and_keep)
            made = synthetic_image.synthesise(
                np.random.default_rng(key), maker, SceneKind(), width=SIDE, height=SIDE
            )
        (folder / f"{key}.jpg").write_bytes(made.jpeg)
        truth[key] = seen
        records.append(made.record | {"id": key, "file_name": f"{key}.jpg"})
        annotations += [one | {"image_id": key} for one in made.annotations]
    content = {
        "images": records,
        "annotations": [one | {"id": key} for key, one in enumerate(annotations, 1)],
        "categories": [{"id": 1, "name": "person"}],
    }
    (folder / "people.json").write_text(json.dumps(content))
    return folder, truth


@dataclass
class StandIn:
    """Of a predictor: gives the detections of the images one after the other."""

    images: Iterator
    metric: SimpleNamespace
    truth: dict[int, list[Detection]] = field(default_factory=dict)

    def __call__(self, pixels):
        return next(self.images)

    def predict_boxes(self, pixels, boxes_xyxy):
        """Those of the next image, whose boxes must be these."""
        people = next(iter(self.truth.values()))
        self.truth = {key: self.truth[key] for key in list(self.truth)[1:]}
        np.testing.assert_array_equal(boxes_xyxy, [one.box_xyxy for one in people])
        return people


def true_detection(index, mesh, correspondences, bbox) -> Detection:
    x, y, w, h = (int(value) for value in bbox)
    window = slice(y, y + h), slice(x, x + w)
    shown = correspondences.person[window] == index
    face, weights = correspondences.face[window], correspondences.weights[window]
    uv = np.einsum("hwk,hwkd->hwd", weights, mesh.face_uv[face])
    return Detection(
        box_xyxy=np.array([x, y, x + w, y + h], np.float32),
        score=0.9,
        window=(x, y, x + w, y + h),
        part=np.where(shown, mesh.face_part[face], 0),
        uv=np.where(shown[..., None], uv, np.nan),
        sigma_cm=np.where(shown, 2.0, np.nan),
        part_probability=np.where(shown, 0.9, np.nan),
    )


def in_view(keypoints, correspondences, index) -> list:
    """The keypoints, without those at an outline, where the next pixel shows something else."""
    values = np.reshape(keypoints, (17, 3))
    depth_m = np.where(correspondences.person == index, correspondences.depth_m, np.inf)
    # Outside the image there is nothing either.
    depth_m = np.pad(depth_m, 1, constant_values=np.inf)
    for keypoint in values:
        column, row = np.floor(keypoint[:2] + 0.5).astype(int)
        around = depth_m[row : row + 3, column : column + 3]
        if not np.isfinite(around).all() or np.ptp(around) > OUTLINE_M:
            keypoint[2] = min(keypoint[2], 1)
    return values.ravel().tolist()


@pytest.fixture(scope="module")
def distance(embedded_surface):
    return SurfaceDistance(embedded_surface)


@pytest.fixture
def evaluate(tool, rendered, distance, monkeypatch, tmp_path):
    """Run the tool on the truth after a change of each detection; gives the metrics."""
    folder, truth = rendered

    def call(change=lambda detection: [detection], *extra):
        images = iter([[new for one in truth[key] for new in change(one)] for key in truth])
        predictor = StandIn(images, SimpleNamespace(surface=distance.surface), truth)
        monkeypatch.setattr(command, "build_predictor", lambda args: predictor)
        monkeypatch.setattr(command, "SurfaceDistance", lambda surface: distance)
        annotations = ["--annotations", str(folder / "people.json"), "--images", str(folder)]
        out = tmp_path / "out"
        tool.main([*annotations, "--model", "synth/any", "--out", str(out), *extra])
        return json.loads((out / "metrics.json").read_text(), parse_constant=pytest.fail)

    return call


def test_the_truth_is_right(evaluate, tmp_path, capsys):
    found = evaluate()
    people, keypoints = found["people"], found["keypoints"]
    assert people["box_AP"] == pytest.approx(100) and people["found"] == 100
    assert people["mask_iou"] > 99 and people["false_with_people"] == 0
    assert people["false_without_people"] is None
    assert keypoints["num_keypoints"] > 80 and keypoints["part_right"] == 100
    assert keypoints["within_20cm"] == 100 and keypoints["within_10cm"] > 90
    assert keypoints["left_right"] == keypoints["no_answer"] == keypoints["front_back"] == 0
    assert keypoints["num_front_back_told"] > 4
    # Nothing is wrong that a number could know.
    assert found["uncertainty"]["AUROC-wrong_part by sigma_cm"] is None
    assert found["risk_coverage_wrong_part"]["sigma_cm"][-1] == 0
    out = capsys.readouterr().out
    for word in ("box_AP50", "part_right", "shoulders", "wrong_part by score"):
        assert word in out
    with open(tmp_path / "out" / "keypoints.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == keypoints["num_keypoints"]
    assert {row["part_right"] for row in rows} == {"1"}
    assert max(float(row["distance_cm"] or 0) for row in rows) < 20
    assert matplotlib.image.imread(tmp_path / "out" / "risk_coverage.png").std() > 0.05


def with_parts(table):
    """The same detections with other parts."""

    def change(detection):
        return [Detection(**vars(detection) | {"part": table[detection.part]})]

    return change


def test_swapped_sides_are_left_right_confusions(evaluate):
    found = evaluate(with_parts(FLIP_PARTS))["keypoints"]
    # What lies on the torso, or on the nose, has no other side.
    assert found["left_right"] > 60 and found["no_answer"] == found["front_back"] == 0
    assert found["left_right"] + found["part_right"] == pytest.approx(100)
    assert found["left_right-wrists"] == found["left_right-knees"] == 100
    assert found["within_20cm-wrists"] == found["within_20cm-knees"] == 0
    assert found["part_right-nose"] == 100


def test_a_body_turned_around_is_a_front_back_confusion(evaluate):
    found = evaluate(with_parts(FRONT_AS_BACK))["keypoints"]
    assert found["front_back"] == 100 and found["part_right"] == 100 and found["left_right"] == 0


def test_people_who_are_not_found_count_as_wrong_in_all(evaluate):
    def first_of_a_size(detection):
        return [detection] if detection.part.size > 10_000 else []

    found = evaluate(first_of_a_size)
    keypoints = found["keypoints"]
    assert 0 < found["people"]["found"] < 100 and keypoints["part_right"] == 100
    share = 100 * keypoints["num_keypoints"] / keypoints["num_keypoints_of_all"]
    assert keypoints["part_right_of_all"] == pytest.approx(share)
    assert keypoints["within_20cm_of_all"] < 100


def test_uncertain_detections_count_for_box_ap_alone(evaluate):
    def doubted(detection):
        return [Detection(**vars(detection) | {"score": 0.3})]

    found = evaluate(doubted)
    assert found["people"]["box_AP"] == pytest.approx(100) and found["people"]["found"] == 0
    assert found["keypoints"]["num_keypoints"] == 0
    assert found["keypoints"]["part_right"] is None
    assert evaluate(doubted, "--score-threshold", "0.2")["people"]["found"] == 100


def test_a_number_that_knows_which_answers_are_wrong(evaluate):
    def wrong_where_unsure(detection):
        unsure = np.zeros(detection.part.shape, bool)
        unsure[: len(unsure) // 2] = True
        part = np.where(unsure & (detection.part > 0), 5, detection.part)
        sigma_cm = np.where(unsure, 30.0, detection.sigma_cm)
        return [Detection(**vars(detection) | {"part": part, "sigma_cm": sigma_cm})]

    found = evaluate(wrong_where_unsure)["uncertainty"]
    assert found["AUROC-wrong_part by sigma_cm"] > 0.97
    assert found["AUROC-wrong_part by part_probability"] == pytest.approx(0.5)


def test_only_images_of_some_names(evaluate):
    def number_of(*extra):
        return evaluate(lambda one: [one], *extra)["people"]["num_images_with_people"]

    assert number_of() == NUM_IMAGES and number_of("--names", r"^[12]\.jpg$") == 2


def test_people_may_be_read_in_their_annotated_boxes(evaluate):
    def nobody(detection):
        return []

    found = evaluate(nobody, "--boxes", "annotated")
    assert found["people"]["found"] == found["keypoints"]["part_right"] == 100
    assert found["settings"]["boxes"] == "annotated"
    assert tuple(command.FIND) == BOX_SOURCES


def test_an_image_of_another_size_is_refused(refused, rendered, distance, tmp_path, monkeypatch):
    folder, _ = rendered
    for key in range(1, NUM_IMAGES + 1):
        cv2.imwrite(str(tmp_path / f"{key}.jpg"), np.zeros((SIDE, SIDE // 2, 3), np.uint8))
    predictor = StandIn(iter([]), SimpleNamespace(surface=distance.surface))
    monkeypatch.setattr(command, "build_predictor", lambda args: predictor)
    monkeypatch.setattr(command, "SurfaceDistance", lambda surface: distance)
    arguments = ["--annotations", folder / "people.json", "--images", tmp_path, "--model", "a"]
    assert "1.jpg: has 128 x 256 pixels, but 256 x 256 were annotated" in refused(*arguments)


def test_pictures_show_who_is_right(tool, rendered, distance, monkeypatch, tmp_path):
    folder, _ = rendered
    found = [[figure_person((20, 10, 200, 250), (SIDE, SIDE))] for _ in range(NUM_IMAGES)]
    predictor = StandIn(iter(found), SimpleNamespace(surface=distance.surface))
    monkeypatch.setattr(command, "build_predictor", lambda args: predictor)
    monkeypatch.setattr(command, "SurfaceDistance", lambda surface: distance)
    files = ["--annotations", str(folder / "people.json"), "--images", str(folder)]
    tool.main([*files, "--model", "synth/any", "--out", str(tmp_path), "--pictures", "3"])
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert [path.name for path in pictures] == ["1.jpg.png", "5.jpg.png", "8.jpg.png"]
    left, right = np.split(cv2.imread(str(pictures[0])), 2, axis=1)
    assert left.shape == right.shape == (640, 640, 3)
    for mark in (Mark.RIGHT, Mark.WRONG, Mark.NOT_FOUND):
        assert (left == mark.value).all(axis=2).any()
    # The one has the legend, the other the parts.
    assert (left != right).any(axis=2).mean() > 0.1


def test_pictures_are_spread_over_the_images_with_keypoints(rendered):
    annotations = read_keypoint_set(rendered[0] / "people.json")
    assert command.chosen_pictures(annotations, 0) == set()
    assert command.chosen_pictures(annotations, 2) == {1, NUM_IMAGES}
    assert len(command.chosen_pictures(annotations, 99)) == NUM_IMAGES
