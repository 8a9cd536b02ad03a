"""Every oddity is found under its name, and what is reported is what is trained."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path

import pytest
import torch
from detectron2.data import MetadataCatalog
from detectron2.utils.events import EventStorage

from tests.model_factory import make_config, make_model
from tests.uncertain_densepose.data.oddities import (
    MASKS,
    ODDITIES,
    Oddity,
    annotation,
    coco,
    image_entry,
    write_oddities,
)
from uncertain_densepose.data import DensePoseDatasetMapper, load_densepose_json
from uncertain_densepose.data.annotation_checks import CHECKS, Purpose, Scope, Severity, screen
from uncertain_densepose.data.annotation_file import read_annotation_file
from uncertain_densepose.data.coco_densepose import logger

NAME = "oddities"
HEAD = "MODEL.ROI_DENSEPOSE_HEAD."
PART_MASKS = (f"{HEAD}COARSE_SEGM_TRAINED_BY_MASKS", False)
FLIP = ("INPUT.RANDOM_FLIP", "none")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("oddities")
    write_oddities(path)
    return path


@pytest.fixture
def records(folder):
    yield load_densepose_json(NAME, folder / "oddities.json", folder, "make it")
    MetadataCatalog.pop(NAME, None)


def counts(report) -> dict[str, int]:
    return {name: finding.count for name, finding in report.findings.items()}


@pytest.mark.parametrize("name", ODDITIES)
def test_an_oddity_is_found_under_its_name_and_no_other(name):
    oddity = ODDITIES[name]
    content = coco(
        [annotation(**oddity.changes), annotation(id=6)], [image_entry(1, **oddity.image)]
    )
    before = repr(content)
    found = screen(content)
    expected = Counter(oddity.findings)
    if oddity.image:
        expected += {"image_has_no_densepose": 1, "image_left_out": 1}
    assert counts(found.report) == expected
    assert repr(content) == before, "the file's content was changed"
    people = [] if oddity.image else found.people[1]
    kept = {person["id"] for person in people}
    assert kept == ({5, 6} if oddity.kept else set() if oddity.image else {6})


def test_every_check_of_annotations_has_an_example():
    shown = {name for oddity in ODDITIES.values() for name in oddity.findings}
    elsewhere = {"annotation_id_repeated"}
    scopes = (Scope.PERSON, Scope.LABELS, Scope.POINTS, Scope.MASKS, Scope.LABELLED)
    assert {c.name for c in CHECKS.values() if c.scope in scopes} == shown | elsewhere


@pytest.mark.parametrize("scope", Scope)
def test_the_documentation_lists_every_check_in_its_own_words(scope):
    rows = [
        f"| `{c.name}` | {c.severity.value} | {c.description} | {c.outcome} | {c.difference} |\n"
        for c in CHECKS.values()
        if c.scope is scope
    ]
    text = Path("docs/ANNOTATIONS.md").read_text() + "\n"
    assert f"|---|---|---|---|---|\n{''.join(rows)}\n" in text


def test_what_is_dropped_is_exactly_what_the_report_says(records, folder):
    """The report, the loader with the mapper, and the hand-written expectation: all three."""
    report = screen(read_annotation_file(folder / "oddities.json")).report
    expected = sum((Counter(oddity.findings) for oddity in ODDITIES.values()), Counter())
    flagged = sum(bool(oddity.image) for oddity in ODDITIES.values())
    expected += {"image_has_no_densepose": flagged, "image_left_out": flagged}
    expected["parts_off_masks"] = 1  # Half of the hand-written points are on a mask of the torso.
    assert counts(report) == expected

    mapper = DensePoseDatasetMapper(make_config("full", *PART_MASKS, *FLIP), is_train=True)
    trained = {record["image_id"]: mapper(record)["instances"] for record in records}
    points = people = with_masks = 0
    for image_id, oddity in enumerate(ODDITIES.values(), start=1):
        if oddity.image:
            assert image_id not in trained
            continue
        seen = trained.pop(image_id)
        shown = [oddity, Oddity({}, {})] if oddity.kept else [Oddity({}, {})]
        assert [summary(person) for person in seen.gt_densepose] == [
            None if one.points is None else (one.points, one.masks) for one in shown
        ], list(ODDITIES)[image_id - 1]
        people += len(seen)
        points += sum(len(person) for person in seen.gt_densepose if person is not None)
        with_masks += sum(
            person is not None and person.coarse_segm is not None for person in seen.gt_densepose
        )
    assert not trained
    kept = report.kept
    assert (kept.people, kept.points, kept.people_with_masks) == (people, points, with_masks)
    # Of annotations and of points, what is kept and what is dropped is all.
    dropped = [one for one in report.of(Severity.DROPPED) if one.check.scope is Scope.PERSON]
    assert people + sum(one.count for one in dropped) == report.num_annotations


def summary(person):
    """Number of points, and the parts of the masks."""
    if person is None:
        return None
    masks = set() if person.coarse_segm is None else set(person.coarse_segm.unique().tolist())
    return len(person), masks - {0}


@pytest.mark.parametrize(
    "options",
    [
        PART_MASKS,
        (*PART_MASKS, f"{HEAD}NUM_COARSE_SEGM_CHANNELS", 15),
        (),
        ("MODEL.KEYPOINT_ON", True),
    ],
)
def test_a_step_of_training_on_all_oddities_in_one_image(folder, options):
    """Part masks in 2 and in 15 channels, masks of instances, and keypoints beside them."""
    people = [
        annotation(**({"id": place} | oddity.changes))
        for place, oddity in enumerate(ODDITIES.values())
    ]
    path = folder / "one_image.json"
    path.write_text(json.dumps(coco(people, [image_entry(1)])))
    records = load_densepose_json("oddities in one image", path, folder, "make it")
    MetadataCatalog.pop("oddities in one image")
    cfg = make_config("full", *FLIP, *options)
    batch = [DensePoseDatasetMapper(cfg, is_train=True)(record) for record in records]
    assert batch[0]["instances"].has("gt_keypoints") == cfg.MODEL.KEYPOINT_ON
    cfg.MODEL.KEYPOINT_ON = False
    with EventStorage():
        losses = make_model(cfg)(batch)
    assert all(torch.isfinite(loss) for loss in losses.values())
    assert losses["loss_densepose_UV"] != 0 and losses["loss_densepose_S"] != 0


def test_where_masks_are_trained_people_without_one_are_left_out(records):
    mapper = DensePoseDatasetMapper(make_config("full", *FLIP), is_train=True)
    names = list(ODDITIES)
    for record in records:
        oddity = ODDITIES[names[record["image_id"] - 1]]
        has_mask = not {"segmentation_missing", "segmentation_malformed"} & oddity.findings.keys()
        seen = mapper(record)["instances"]
        assert len(seen) == len(seen.gt_masks) == 1 + (oddity.kept and has_mask)


def test_a_mask_of_the_whole_person_is_none_of_its_torso(folder):
    options = (*PART_MASKS, *FLIP, f"{HEAD}NUM_COARSE_SEGM_CHANNELS", 15)
    mapper = DensePoseDatasetMapper(make_config("full", *options), is_train=True)
    record = {"file_name": str(folder / "a.png"), "width": 80, "height": 64, "image_id": 1}
    for masks, expected in (({**MASKS[0]}, set()), (MASKS, {1, 2})):
        person = annotation(dp_masks=masks, category_id=0, bbox_mode=1)
        seen = mapper(record | {"annotations": [person]})["instances"]
        assert summary(seen.gt_densepose.people[0]) == (4, expected)


def test_the_loader_logs_one_line_of_counts(folder):
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        load_densepose_json(NAME, folder / "oddities.json", folder, "make it")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        MetadataCatalog.pop(NAME, None)
    (line,) = lines
    assert line.startswith("oddities: ") and "tools/check_annotations.py" in line
    assert "1 annotations (crowd)" in line and "7 points (part_background)" in line


def test_repeated_ids_are_kept_and_told():
    report = screen(coco([annotation(), annotation(), annotation(id=6)], [image_entry(1)])).report
    assert counts(report) == {"annotation_id_repeated": 2}
    assert report.findings["annotation_id_repeated"].first_ids == [5, 5]
    assert report.kept.people == 3


@pytest.mark.parametrize("flag", ["iscrowd", "ignore"])
def test_evaluation_counts_a_crowd_that_it_cannot_use(flag):
    found = screen(coco([annotation(), annotation(id=6, **{flag: 1}, bbox=[1])], [image_entry(1)]))
    assert [person["id"] for person in found.everybody[1]] == [5]
    (left_out,) = found.report.of(Severity.DROPPED, Purpose.EVALUATION)
    assert left_out.check.name == "box_malformed" and left_out.first_ids == [6]


def test_a_missing_area_is_that_of_the_polygons_that_are_used():
    polygons = [[4, 4, 24, 4, 24, 14, 4, 14], [1e308] * 8]
    person = annotation(area=None, segmentation=polygons)
    (kept,) = screen(coco([person], [image_entry(1)])).people[1]
    assert kept["area"] == 200 and kept["segmentation"] == polygons[:1]


def test_images_without_people_are_told():
    content = coco(
        [annotation(), annotation(image_id=3, iscrowd=1)], [*map(image_entry, (1, 2, 3))]
    )
    found = screen(content)
    assert found.report.findings["image_without_people"].first_ids == [2, 3]
    assert found.report.kept.images == 1 and len(found.images) == 3


def test_people_are_those_of_the_category_called_so_or_of_the_only_one():
    content = coco([annotation(category_id=7)], [image_entry(1)])
    only = content | {"categories": [{"id": 7, "name": "dancer"}]}
    assert screen(only).person_category == 7 and screen(only).report.kept.people == 1
    several = content | {"categories": [{"id": 1, "name": "cat"}, {"id": 7, "name": "Person"}]}
    assert screen(several).person_category == 7


@pytest.mark.parametrize(
    ("change", "check", "ids"),
    [
        (lambda c: [c], "not_coco", ["a list"]),
        (lambda c: c | {"images": {"1": {}}}, "not_coco", ["images"]),
        (lambda c: {"annotations": []}, "not_coco", ["images", "categories"]),
        (lambda c: c | {"images": [image_entry(1), {"id": 2}]}, "image_malformed", [2]),
        (lambda c: c | {"images": [image_entry("1")]}, "image_malformed", ["number 0"]),
        (lambda c: c | {"images": [image_entry(1, width=0)]}, "image_malformed", [1]),
        (lambda c: c | {"images": [image_entry(1)] * 2}, "image_id_repeated", [1]),
        (lambda c: c | {"categories": [7]}, "category_malformed", ["number 0"]),
        (lambda c: c | {"categories": c["categories"] * 2}, "category_malformed", [1, 2]),
        (lambda c: c | {"categories": []}, "no_person_category", ["none"]),
        (
            lambda c: c | {"categories": [{"id": k, "name": f"cat {k}"} for k in (1, 2)]},
            "no_person_category",
            ["cat 1", "cat 2"],
        ),
    ],
)
def test_content_that_cannot_be_trained(change, check, ids):
    found = screen(change(coco([annotation()], [image_entry(1)])))
    assert found.report.findings[check].first_ids == ids
    assert found.report.of(Severity.FATAL) and found.person_category is None


def test_only_the_first_ids_are_told():
    people = [annotation(id=k, iscrowd=1) for k in range(20)]
    finding = screen(coco(people, [image_entry(1)])).report.findings["crowd"]
    assert finding.first_ids == [0, 1, 2, 3, 4]
    assert finding.count == finding.records == 20


def test_the_report_can_be_written_as_json(folder):
    report = screen(read_annotation_file(folder / "oddities.json")).report
    content = json.loads(json.dumps(report.as_dict()))
    assert content["kept"]["points"] == report.kept.points
    crowd = next(one for one in content["findings"] if one["check"] == "crowd")
    assert crowd["severity"] == "dropped" and crowd["count"] == 1
    assert crowd["first_ids"] == [list(ODDITIES).index("a crowd") + 1]
