"""Whether an annotation file that was changed has been answered rightly."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tests.uncertain_densepose.data.annotation_checks.base_files import BaseFile
from tests.uncertain_densepose.data.annotation_checks.remains import Remains, remains
from tests.uncertain_densepose.data.annotation_checks.spoiled_file import (
    Learner,
    evaluate,
    registered,
)
from uncertain_densepose.data.annotation_checks import Purpose, Report, Scope, Severity, screen
from uncertain_densepose.errors import UserError
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance

_REPAIRED_COUNTS = {
    "segmentations": ("segmentation_missing", "segmentation_malformed"),
    "polygons": ("polygon_malformed",),
    "keypoints": ("keypoints_malformed",),
    "areas": ("area_malformed",),
    "true labels": ("true_labels_malformed",),
}
"""What is counted under a check that repairs, by the names in `Remains.lost`."""
_DROPPED_COUNTS = {
    "annotations": Scope.PERSON,
    "labels": Scope.LABELS,
    "points": Scope.POINTS,
    "part masks": Scope.MASKS,
}

_WITH_A_PLACE = re.compile(
    r"\.json: (image -?\d+: |.+ \(.+\)|there are no images|no image has a person)|cannot be read"
)


class Judge:
    """Judges changed files by what remains of them.

    Of a file that is used, exactly what is illegal is left out or replaced, and counted by reason;
    losses of a training step, ground truth and metrics are to the last bit those of the file that
    never had it. A file that is refused is refused in one line with its name.

    Attributes:
        outcomes: how many files were refused, had something dropped, ...
        reasons: in how many files a check found more than in the unchanged one.
    """

    def __init__(self, base: BaseFile, folder: Path, distance: SurfaceDistance):
        self.base, self._folder, self._distance = base, folder, distance
        self._learners = [Learner(False), Learner(True)]
        self._known: dict[tuple[str, bool], dict] = {}
        self._clean = remains(base.content(), base.areas)
        self._clean_text = self._reference_text(self._clean)
        self._clean_found = _found(screen(base.content()).report)
        self.outcomes: Counter = Counter()
        self.reasons: Counter = Counter()

    def judge(self, text: bytes, by_part_masks: bool) -> None:
        """Raises AssertionError if a file is not answered rightly, and whatever training and
        evaluation raise besides refusals."""
        path = self._folder / "spoiled.json"
        path.write_bytes(text)
        content, expected = self._expected(text)
        whole_pictures = expected.content is not None and all(
            self.base.sizes.get(image["file_name"]) == (image["width"], image["height"])
            for image in expected.content["images"]
        )
        with registered(path, self.base):
            trained = self._attempt(lambda: self._learners[by_part_masks].step())
            measured = self._attempt(lambda: evaluate(path, self.base, self._distance))
        self.outcomes["files"] += 1
        refusals = [one for one in (trained, measured) if isinstance(one, str)]
        for refusal in refusals:
            assert self._is_clear(refusal, path), refusal
        if expected.content is None:
            assert len(refusals) == 2, "an illegal file is used"
        elif refusals:
            assert expected.may_be_refused or not whole_pictures, refusals
        if len(refusals) == 2:
            self.outcomes["refused"] += 1
            self.reasons[f"refused: {_why(refusals[0])}"] += 1
            return
        report = screen(content).report
        self._check_counts(report, expected)
        if not isinstance(measured, str):
            _check_agreement(measured["truth"], report)
        reference = self._reference_text(expected)
        is_part = _is_part(expected.content, self._clean.content)
        # Of a file with other legal values alone nothing is to be left out.
        if is_part or expected.lost != self._clean.lost:
            known = self._reference(reference, by_part_masks)
            for name, found in (("trained", trained), ("measured", measured)):
                if isinstance(found, str):
                    assert isinstance(known[name], str), f"{found}, but its remains are used"
                else:
                    np.testing.assert_equal(found, known[name])
        self._count(report, reference, is_part, bool(refusals))

    def _expected(self, text: bytes) -> tuple[Any, Remains]:
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            return None, Remains(None)
        return content, remains(content, self.base.areas)

    @staticmethod
    def _attempt(action) -> dict | str:
        """Its result, or the message of its refusal."""
        try:
            return action()
        except UserError as error:
            return str(error)

    def _is_clear(self, refusal: str, path: Path) -> bool:
        """Whether a refusal is one line with the name of the file or of a picture, and with the
        places where something is wrong, if it is wrong anywhere and not missing."""
        is_named = f"{path}: " in refusal or str(self.base.pictures) in refusal
        return is_named and "\n" not in refusal and bool(_WITH_A_PLACE.search(refusal))

    @staticmethod
    def _reference_text(expected: Remains) -> str:
        return json.dumps(expected.content, sort_keys=True)

    def _reference(self, text: str, by_part_masks: bool) -> dict:
        """Losses and metrics of what remains of a file."""
        key = text, by_part_masks
        if key not in self._known:
            path = self._folder / "remains.json"
            path.write_text(text)
            with registered(path, self.base):
                self._known[key] = {
                    "trained": self._attempt(lambda: self._learners[by_part_masks].step()),
                    "measured": self._attempt(lambda: evaluate(path, self.base, self._distance)),
                }
        return self._known[key]

    def _check_counts(self, report: Report, expected: Remains) -> None:
        """Everything that is left out is counted, and in the summary with its reason."""
        assert report.kept.people == expected.people
        assert report.kept.points == expected.points
        for kind, scope in _DROPPED_COUNTS.items():
            found = [one for one in report.of(Severity.DROPPED) if one.check.scope is scope]
            assert sum(one.count for one in found) == expected.lost[kind], kind
        for kind, names in _REPAIRED_COUNTS.items():
            counts = [report.findings[name].count for name in names if name in report.findings]
            assert sum(counts) == expected.lost[kind], kind
        not_evaluated = [
            one
            for one in report.of(Severity.DROPPED, Purpose.EVALUATION)
            if one.check.scope is Scope.PERSON
        ]
        assert sum(one.count for one in not_evaluated) == expected.not_evaluated
        for purpose in Purpose:
            summary = report.summary(purpose)
            assert all(one.check.name in summary for one in report.of(Severity.DROPPED, purpose))

    def _count(self, report: Report, reference: str, is_part: bool, half_refused: bool) -> None:
        if half_refused:
            kind = "refused by training or by evaluation alone"
        elif is_part:
            same = reference == self._clean_text
            more = bool(_found(report) - self._clean_found)
            kind = ("default" if more else "no difference") if same else "dropped"
        else:
            kind = "other legal values"
        self.outcomes[kind] += 1
        for name in _found(report) - self._clean_found:
            self.reasons[name] += 1


def _check_agreement(truth: list[dict], report: Report) -> None:
    """Evaluation measures of the people that are trained what the report says."""
    crowds = [image["iscrowd"] for image in truth]
    counted = [image["person"][~image["iscrowd"][image["person"]]] for image in truth]
    assert len(truth) == report.kept.images_to_be_evaluated
    assert sum(int((~crowd).sum()) for crowd in crowds) == report.kept.people
    assert sum(map(len, counted)) == report.kept.points_to_be_measured
    assert sum(len(np.unique(person)) for person in counted) == report.kept.people_to_be_found


def _found(report: Report) -> Counter:
    return Counter({name: one.count for name, one in report.findings.items()})


def _is_part(some: Any, whole: Any) -> bool:
    """Whether a value is what is left of another when things are taken out of it."""
    if isinstance(some, dict) and isinstance(whole, dict):
        return all(key in whole and _is_part(some[key], whole[key]) for key in some)
    if isinstance(some, list) and isinstance(whole, list) and some != whole:
        rest = iter(whole)
        return len(some) <= len(whole) and all(
            any(_is_part(one, other) for other in rest) for one in some
        )
    return type(some) is type(whole) and some == whole


def _why(refusal: str) -> str:
    """What is wrong, without names of files and ids."""
    return refusal.split(".json: ")[-1].split(" (")[0][:60]
