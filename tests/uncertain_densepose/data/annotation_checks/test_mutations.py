"""Spoiled files are trained and evaluated on what is valid of them, or refused in one line."""

import json
import logging

import cv2
import numpy as np
import pytest
import torch
from detectron2.data import MetadataCatalog

from tests.model_factory import make_config
from tests.uncertain_densepose.data.annotation_checks.mutations import mutate
from tests.uncertain_densepose.data.oddities import MASKS, stripe
from tests.uncertain_densepose.evaluation.runs import detected
from tests.uncertain_densepose.evaluation.scene import (
    HEIGHT,
    WIDTH,
    coco,
    instances,
    labelled,
    unlabelled,
)
from uncertain_densepose.data import DensePoseDatasetMapper, load_densepose_json
from uncertain_densepose.data.annotation_checks import Purpose, Scope, Severity, screen
from uncertain_densepose.data.picture_header import picture_fault
from uncertain_densepose.errors import UserError
from uncertain_densepose.evaluation import GroundTruth, PersonBoxEvaluator

NAME = "mutations"
BOXES = [[10, 20, 40, 60], [70, 20, 80, 90], [100, 60, 30, 40]]
FEW, MANY = 60, 2500


def whole_file() -> dict:
    """Two images, people with part masks, with polygons, without labels, and a crowd."""
    rng = np.random.default_rng(0)
    keypoints = [20, 30, 2] * 17
    x, y, w, h = BOXES[1]
    polygon = [[x, y, x + w, y, x + w, y + h, x, y + h]]
    true = {"dp_U_true": [0.5] * 12, "dp_V_true": [0.5] * 12, "dp_I_true": [1] * 12}
    people = [
        labelled(1, 1, BOXES[0], rng, dp_masks=MASKS, keypoints=keypoints),
        labelled(2, 1, BOXES[1], rng, segmentation=polygon, keypoints=keypoints, **true),
        unlabelled(3, 2, BOXES[2], keypoints=keypoints),
        unlabelled(4, 2, BOXES[0], iscrowd=1, keypoints=keypoints),
        labelled(5, 2, BOXES[1], rng, dp_masks=stripe(0, 256), keypoints=keypoints),
    ]
    people[0]["dp_masks"] = [stripe(0, 200), stripe(200, 256), *[[]] * 12]
    return coco(people, num_images=2) | {
        "categories": [{"id": 0, "name": "people"}, {"id": 1, "name": "person"}]
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("mutations")
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for key in (1, 2):
        cv2.imwrite(str(path / f"{key}.jpg"), picture)
    return path


@pytest.fixture(scope="module")
def mappers():
    common = ("INPUT.RANDOM_FLIP", "none", "MODEL.KEYPOINT_ON", True)
    masks = ("MODEL.ROI_DENSEPOSE_HEAD.COARSE_SEGM_TRAINED_BY_MASKS", True)
    return [
        DensePoseDatasetMapper(make_config("full", *common, *more), is_train=True)
        for more in ((), masks)
    ]


@pytest.mark.parametrize("num_changes", [1, 3])
def test_spoiled_files(num_changes, folder, mappers, flat_distance):
    _spoil(range(FEW), num_changes, folder, mappers, flat_distance)


@pytest.mark.slow
@pytest.mark.parametrize("num_changes", [1, 2])
def test_many_spoiled_files(num_changes, folder, mappers, flat_distance):
    _spoil(range(FEW, FEW + MANY), num_changes, folder, mappers, flat_distance)


def _spoil(seeds, num_changes, folder, mappers, flat_distance):
    refused = used = 0
    logging.disable(logging.INFO)
    try:
        for seed in seeds:
            path = _written(folder, mutate(whole_file(), seed, num_changes))
            try:
                report = _trained(path, folder, mappers)
                _evaluated(path, flat_distance)
            except (UserError, FileNotFoundError) as error:
                refused += 1
                assert "spoiled.json: " in str(error) and "\n" not in str(error)
            else:
                used += 1
                _check_agreement(path, report)
    finally:
        logging.disable(logging.NOTSET)
        MetadataCatalog.pop(NAME, None)
    assert refused and used > refused


def _written(folder, content):
    path = folder / "spoiled.json"
    path.write_text(json.dumps(content))
    return path


def _trained(path, folder, mappers):
    """What is given to the model is finite and in range; returns the report."""
    MetadataCatalog.pop(NAME, None)
    records = load_densepose_json(NAME, path, folder, "make it")
    report = screen(json.loads(path.read_bytes())).report
    for record in records:
        if picture_fault(record["file_name"], record["width"], record["height"]):
            continue  # Training passes over it.
        for mapper in mappers:
            seen = mapper(record)["instances"]
            if len(seen) == 0:
                continue
            assert torch.isfinite(seen.gt_boxes.tensor).all()
            assert torch.isfinite(seen.gt_keypoints.tensor).all()
            for person in seen.gt_densepose:
                if person is None:
                    continue
                assert ((person.xy >= -1e-3) & (person.xy <= 256)).all()
                assert ((person.part >= 1) & (person.part <= 24)).all()
                assert ((person.uv >= -1e-3) & (person.uv <= 1.001)).all()
    return report


def _evaluated(path, flat_distance):
    MetadataCatalog.pop(NAME, None)
    MetadataCatalog.get(NAME).set(json_file=str(path))
    truth = GroundTruth.load(path)
    for image in truth:
        assert all(np.isfinite(v).all() for v in (image.boxes, image.area, image.xy, image.uv))
        assert ((image.part >= 1) & (image.part <= 24)).all()
        for mask in image.masks:
            assert mask is None or mask.decode().pixels.size <= image.height * image.width
    PersonBoxEvaluator(NAME)
    answers = {image.image_id: instances(BOXES) for image in truth}
    results = detected(flat_distance, NAME, answers, distributed=False)
    for task in ("densepose_gps", "densepose_gpsm", "correspondence"):
        for value in results[task].values():
            assert np.isnan(value) or 0 <= value <= 1e6
    return results


def _check_agreement(path, report):
    """Training and evaluation have dropped the same."""
    truth = GroundTruth.load(path)
    counted = sum(int(image.num_points[~image.ignored].sum()) for image in truth)
    assert counted == report.kept.points_to_be_measured
    assert sum(int((~image.ignored).sum()) for image in truth) == report.kept.people_to_be_found
    assert sum(int((~image.iscrowd).sum()) for image in truth) == report.kept.people
    dropped = report.of(Severity.DROPPED)
    lost = sum(one.count for one in dropped if one.check.scope is Scope.PERSON)
    assert report.kept.people + lost == report.num_annotations
    for purpose in Purpose:
        assert all(
            one.check.name in report.summary(purpose)
            for one in report.of(Severity.DROPPED, purpose)
        )
