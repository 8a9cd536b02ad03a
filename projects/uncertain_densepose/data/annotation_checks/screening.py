"""Applying the checks to an annotation file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...structures.coco_annotation import POINT_FIELDS, TRUE_FIELDS, TRUE_PART_FIELD
from .content_checks import is_id, person_category
from .label_statistics import LabelStatistics
from .mask_checks import has_any_mask, mask_entries
from .person_checks import FileIndex
from .point_checks import PointColumns
from .registry import DROPPED, REPAIRED, Check, Purpose, Scope, checks_of
from .report import Report

LABEL_FIELDS = (*POINT_FIELDS, "dp_masks")
TRUE_LABEL_FIELDS = (*TRUE_FIELDS, TRUE_PART_FIELD)


@dataclass
class Screened:
    """What training and evaluation use of a file.

    Attributes:
        report: what was found.
        person_category: the id of the category of people; None if a finding about the content of
            the file is fatal.
        images: the images that are kept, with or without people, in the order of their ids.
        people: the annotations that are trained, by image id and in the order of the file. They
            are copies with valid labels.
        everybody: the same with those whom only evaluation needs, to leave out detections of them:
            crowds and the ignored; their `iscrowd` is 1, that of others 0.
    """

    report: Report
    person_category: int | None = None
    images: list[dict] = field(default_factory=list)
    people: dict[int, list[dict]] = field(default_factory=dict)
    everybody: dict[int, list[dict]] = field(default_factory=dict)


def screen(content: Any, track: Callable[[list], Iterable] = iter) -> Screened:
    """Run all checks but those of image files; after a fatal finding, nothing further is checked.

    Args:
        content: a parsed COCO file with dense-pose annotations; it is not changed.
        track: wraps the list of annotations, to show progress.
    """
    report = Report()
    if _is_fatal(content, report):
        return Screened(report)
    report.num_images, report.num_annotations = (
        len(content[name]) for name in ("images", "annotations")
    )
    left_out = {image["id"] for image in content["images"] if _first_of(Scope.IMAGE, report, image)}
    images = {image["id"]: image for image in content["images"] if image["id"] not in left_out}
    person = person_category(content["categories"])
    index = FileIndex(
        images=images,
        left_out=left_out,
        categories={category["id"] for category in content["categories"]},
        person=person,
        repeated=_repeated_ids(content["annotations"]),
    )
    people: dict[int, list[dict]] = {image_id: [] for image_id in sorted(images)}
    everybody: dict[int, list[dict]] = {image_id: [] for image_id in people}
    labels = LabelStatistics()
    for place, annotation in enumerate(track(content["annotations"])):
        left_out_by = _left_out_by(annotation, f"number {place}", index, report)
        if left_out_by is None:
            kept = _screen_person(annotation, index, report, labels)
            people[kept["image_id"]].append(kept)
            everybody[kept["image_id"]].append(kept)
        elif _is_evaluated(annotation, left_out_by, index):
            kept = _screen_person(annotation, index, Report(), LabelStatistics())
            everybody[kept["image_id"]].append(kept)
    for image_id, kept_people in people.items():
        if not _first_of(Scope.EMPTY_IMAGE, report, images[image_id], kept_people):
            report.kept.images += 1
    report.kept.images_to_be_evaluated = len(people)
    for check in checks_of(Scope.WHOLE):
        for evidence in check.find(labels, report):
            report.add(check, evidence)
    return Screened(report, person, [images[image_id] for image_id in people], people, everybody)


def screen_image_files(images: Iterable[dict], folder: Path, report: Report) -> None:
    """Run the checks of image files.

    Args:
        images: entries of a file's `images`.
        folder: where the files are.
        report: what is found is added to it.
    """
    for image in images:
        for check in checks_of(Scope.IMAGE_FILE):
            path = folder / image["file_name"]
            reason = check.find(image, path)
            if reason:
                report.add(check, image["id"], path=path, reason=reason)


def _is_fatal(content: Any, report: Report) -> bool:
    for check in checks_of(Scope.CONTENT):
        for record in check.find(content):
            report.add(check, record)
        if check.name == "not_coco" and report.findings:
            break  # The other checks read the lists that are missing.
    return bool(report.findings)


def _repeated_ids(annotations: list) -> set[int]:
    ids = (a["id"] for a in annotations if isinstance(a, dict) and is_id(a.get("id")))
    return {key for key, count in Counter(ids).items() if count > 1}


def _first_of(scope: Scope, report: Report, entry: dict, *others) -> Check | None:
    """The first check that leaves out an image or labels, after reporting it."""
    for check in checks_of(scope, DROPPED):
        if check.find(entry, *others):
            report.add(check, entry["id"])
            return check
    return None


def _left_out_by(annotation: Any, name: str, index: FileIndex, report: Report) -> Check | None:
    """The check that leaves out an annotation of training, after reporting it."""
    for check in checks_of(Scope.PERSON, DROPPED):
        if check.find(annotation, index):
            has_id = isinstance(annotation, dict) and is_id(annotation.get("id"))
            report.add(check, annotation["id"] if has_id else name)
            return check
    return None


def _is_evaluated(annotation: dict, left_out_by: Check, index: FileIndex) -> bool:
    """Whether evaluation needs an annotation that training leaves out, and nothing else is odd."""
    dropping = [c for c in checks_of(Scope.PERSON, DROPPED) if _is_dropped_by_evaluation(c)]
    return not _is_dropped_by_evaluation(left_out_by) and not any(
        check.find(annotation, index) for check in dropping
    )


def _is_dropped_by_evaluation(check: Check) -> bool:
    return check.severity_for(Purpose.EVALUATION) is DROPPED


def _screen_person(
    annotation: dict, index: FileIndex, report: Report, labels: LabelStatistics
) -> dict:
    """A copy of what is kept of an annotation."""
    kept = dict(annotation)
    kept["iscrowd"] = int(bool(annotation.get("iscrowd") or annotation.get("ignore")))
    _repair(Scope.PERSON, kept, report, index)
    _screen_labels(kept, index.images[kept["image_id"]], report, labels)
    report.kept.people += 1
    return kept


def _remove_labels(kept: dict) -> None:
    for name in (*LABEL_FIELDS, *TRUE_LABEL_FIELDS):
        kept.pop(name, None)


def _screen_labels(kept: dict, image: dict, report: Report, labels: LabelStatistics) -> None:
    if not any(name in kept for name in POINT_FIELDS) and not mask_entries(kept):
        kept.pop("dp_masks", None)
        return
    if _first_of(Scope.LABELS, report, kept):
        _remove_labels(kept)
        return
    _repair(Scope.LABELS, kept, report)
    points = PointColumns.of(kept, image)
    _screen_points(points, kept, report)
    if _first_of(Scope.MASKS, report, kept):
        del kept["dp_masks"]
    else:
        _repair(Scope.MASKS, kept, report)
    labels.add(points, kept)
    num_points = len(kept["dp_x"])
    report.kept.points += num_points
    report.kept.people_with_points += num_points > 0
    report.kept.people_with_masks += len(mask_entries(kept)) > 0
    if num_points > 0:
        _repair(Scope.LABELLED, kept, report)
    if num_points > 0 and has_any_mask(kept):
        report.kept.people_to_be_found += 1
        report.kept.points_to_be_measured += num_points


def _screen_points(points: PointColumns, kept: dict, report: Report) -> None:
    dropped = np.zeros(len(points.part), dtype=bool)
    for check in (*checks_of(Scope.POINTS, DROPPED), *checks_of(Scope.POINTS, REPAIRED)):
        found = check.find(points) & ~dropped
        if found.any():
            report.add(check, kept["id"], int(found.sum()))
        if check.severity is DROPPED:
            dropped |= found
    if dropped.any():
        for name in (*POINT_FIELDS, *TRUE_LABEL_FIELDS):
            if name in kept:
                pairs = zip(kept[name], dropped, strict=True)
                kept[name] = [value for value, out in pairs if not out]


def _repair(scope: Scope, kept: dict, report: Report, *others) -> None:
    for check in checks_of(scope, REPAIRED):
        if check.find(kept, *others):
            report.add(check, kept["id"])
            if check.repair is not None:
                check.repair(kept, *others)
