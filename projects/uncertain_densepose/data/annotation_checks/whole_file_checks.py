"""Checks of all labels of a file together: labels that cannot be right.

A mistake that spoils every label is fatal where another way of reading them makes them fit: then it
is known, and days of training would be lost. Labels that fit in no way are a warning, because the
masks may be what is wrong.
"""

from __future__ import annotations

from .label_statistics import AS_THEY_ARE
from .registry import DROPPED, FATAL, REPAIRED, WARNING, Scope, check
from .report import Finding, Report

_FEWEST_POINTS = 50
"""Below, shares say too little."""
_FIT = 0.9
_GAIN = 0.15
"""Another reading explains the labels if so many fit, and so many more than as they are."""
_FEW_ON_MASKS = 0.8
_FEW_ON_PARTS = 0.5
_MOST = 0.5

_TO_BE_EXPECTED = ("category_not_person", "crowd", "ignored", "image_left_out")
"""Checks by which an annotation is left out although nothing is wrong with it."""


@check(
    Scope.WHOLE,
    FATAL,
    "every point would be learned in the wrong place; mend dp_x and dp_y",
    evaluation=(FATAL, "every point would be measured in the wrong place; mend dp_x and dp_y"),
)
def points_misplaced(labels, report) -> list:
    """The points lie on their people's masks only if dp_x and dp_y are read in another way."""
    return _explanation(labels.on_mask, labels.num_placed, "on the masks")


@check(
    Scope.WHOLE,
    FATAL,
    "every chart would be learned wrongly; mend dp_I",
    evaluation=(FATAL, "every chart would be measured wrongly; mend dp_I"),
)
def parts_shifted(labels, report) -> list:
    """The charts fit the part masks below their points only if dp_I is read in another way."""
    return _explanation(labels.on_part, labels.num_on_parts, "on the mask of their part")


@check(
    Scope.WHOLE,
    FATAL,
    "most points would be left out; divide dp_U and dp_V by what makes the largest one 1",
)
def uv_in_other_units(labels, report) -> list:
    """More than half of the points have a U or V above 1: 0 to 255, perhaps, or percent."""
    if labels.num_points < _FEWEST_POINTS or labels.num_off_chart <= _MOST * labels.num_points:
        return []
    return [f"{labels.num_off_chart} of {labels.num_points}; the largest is {labels.largest_uv:g}"]


@check(Scope.WHOLE, WARNING, "they are used; look at some of them")
def points_off_masks(labels, report) -> list:
    """Less than 80 % of the points lie on their people's masks, however they are read."""
    few = _share(labels.on_mask[AS_THEY_ARE], labels.num_placed) < _FEW_ON_MASKS
    if not few or "points_misplaced" in report.findings:
        return []
    return [f"{labels.on_mask[AS_THEY_ARE]} of {labels.num_placed}"]


@check(Scope.WHOLE, WARNING, "they are used; look at some of them")
def parts_off_masks(labels, report) -> list:
    """Less than half of the points on part masks lie on that of their own chart's part."""
    few = _share(labels.on_part[AS_THEY_ARE], labels.num_on_parts) < _FEW_ON_PARTS
    if not few or "parts_shifted" in report.findings:
        return []
    return [f"{labels.on_part[AS_THEY_ARE]} of {labels.num_on_parts}"]


@check(Scope.WHOLE, WARNING, "the others are used")
def most_points_left_out(labels, report) -> list:
    """More than half of the points are left out, for the reasons given."""
    lost = _num_points_lost(report)
    if labels.num_points < _FEWEST_POINTS or lost <= _MOST * labels.num_points:
        return []
    return [f"{lost} of {labels.num_points}"]


@check(
    Scope.WHOLE,
    FATAL,
    "there would be nothing to train",
    evaluation=(FATAL, "there would be nothing to measure"),
)
def nobody_left(labels, report) -> list:
    """There are annotations, but every one of people is left out."""
    wrong = _reasons(report, Scope.PERSON)
    return wrong if report.kept.people == 0 else []


@check(
    Scope.WHOLE,
    FATAL,
    "there would be no dense pose to train",
    evaluation=(FATAL, "there would be no dense pose to measure"),
)
def no_point_left(labels, report) -> list:
    """There are points, but every one is left out."""
    wrong = _reasons(report, Scope.LABELS, Scope.POINTS)
    return wrong if report.kept.points == 0 and report.kept.people > 0 else []


@check(
    Scope.WHOLE,
    REPAIRED,
    "people's points are used",
    evaluation=(FATAL, "there would be no dense pose to measure"),
)
def no_mask_left(labels, report) -> list:
    """There are people with points, but none of them has part masks or a segmentation."""
    without = report.findings.get("points_without_any_mask")
    everybody = without is not None and without.count == report.kept.people_with_points
    return _ids(without) if everybody else []


def _explanation(fitting: dict[str, int], total: int, where: str) -> list[str]:
    """The evidence that another reading than that as they are is right; [] if it is not."""
    other = max(fitting, key=lambda name: fitting[name])
    as_they_are, best = (_share(fitting[name], total) for name in (AS_THEY_ARE, other))
    if total < _FEWEST_POINTS or best < _FIT or best - as_they_are < _GAIN:
        return []
    return [f"{as_they_are:.0%} of {total} points are {where} {AS_THEY_ARE}, {best:.0%} {other}"]


def _share(count: int, total: int) -> float:
    return count / total if total >= _FEWEST_POINTS else 1.0


def _num_points_lost(report: Report) -> int:
    return sum(f.count for f in report.of(DROPPED) if f.check.scope is Scope.POINTS)


def _reasons(report: Report, *scopes: Scope) -> list[str]:
    """Why annotations were left out, each with the first ids."""
    return [
        text
        for finding in report.of(DROPPED)
        if finding.check.scope in scopes and finding.check.name not in _TO_BE_EXPECTED
        for text in _ids(finding)
    ]


def _ids(finding: Finding) -> list[str]:
    ids = ", ".join(map(str, finding.first_ids))
    return [f"{finding.check.description}: annotation {ids}"]
