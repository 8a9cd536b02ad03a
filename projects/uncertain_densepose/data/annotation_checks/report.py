"""What the checks found in a file, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .registry import Check, Purpose, Severity

_NUM_FIRST_IDS = 5


@dataclass
class Finding:
    """What one check found in a file.

    Attributes:
        check: the check.
        count: the number of things found, of the kind that `Scope` names.
        records: the number of annotations or images in which they were found.
        first_ids: the ids of the first five of these.
        first_path: the first image file, for checks of image files; None for others.
        files: all image files, each with the reason.
    """

    check: Check
    count: int = 0
    records: int = 0
    first_ids: list = field(default_factory=list)
    first_path: Path | None = None
    files: list[str] = field(default_factory=list)

    def add(self, record: int | str, count: int) -> None:
        """Count an annotation or image that has not been counted before."""
        self.count += count
        self.records += 1
        if len(self.first_ids) < _NUM_FIRST_IDS:
            self.first_ids.append(record)


@dataclass
class Kept:
    """What training uses, and of that what evaluation measures.

    Attributes:
        images: the number of images with people who are kept.
        people: the number of these people.
        people_with_points, people_with_masks: how many of them have points, or part masks.
        points: the number of their points.
        images_to_be_evaluated: the number of images, with or without people.
        people_to_be_found: how many have points and any mask: evaluation looks for them.
        points_to_be_measured: the number of their points.
    """

    images: int = 0
    people: int = 0
    people_with_points: int = 0
    people_with_masks: int = 0
    points: int = 0
    images_to_be_evaluated: int = 0
    people_to_be_found: int = 0
    points_to_be_measured: int = 0


class Report:
    """What was found in a file, and what is kept of it.

    Attributes:
        num_images, num_annotations: the numbers of entries in the file.
        kept: what training uses.
        findings: by the name of the check.
    """

    def __init__(self):
        self.num_images = self.num_annotations = 0
        self.kept = Kept()
        self.findings: dict[str, Finding] = {}

    def add(
        self,
        check: Check,
        record: int | str,
        count: int = 1,
        path: Path | None = None,
        reason: str = "",
    ) -> None:
        """Count what a check found in one annotation or image.

        Args:
            check: the check.
            record: the id of the annotation or image.
            count: the number of things found in it.
            path: the image file, for checks of image files.
            reason: what is wrong with that file, starting with its path.
        """
        finding = self.findings.setdefault(check.name, Finding(check, first_path=path))
        finding.add(record, count)
        if path is not None:
            finding.files.append(reason)

    def of(self, severity: Severity, purpose: Purpose = Purpose.TRAINING) -> list[Finding]:
        """The findings of one severity for a purpose."""
        return [
            one for one in self.findings.values() if one.check.severity_for(purpose) is severity
        ]

    def summary(self, purpose: Purpose = Purpose.TRAINING) -> str:
        """What is kept, what is left out and what is doubtful, in one line."""
        left_out = [
            f"{one.count} {one.check.scope.value} ({one.check.name})"
            for one in self.of(Severity.DROPPED, purpose)
        ]
        warnings = [
            f"; {one.check.name}: {', '.join(map(str, one.first_ids))}"
            for one in self.of(Severity.WARNING, purpose)
        ]
        return f"{self.kept_for(purpose)}; left out: {', '.join(left_out) or 'nothing'}" + "".join(
            warnings
        )

    def kept_for(self, purpose: Purpose) -> str:
        """What training or evaluation uses, in words."""
        kept = self.kept
        if purpose is Purpose.EVALUATION:
            return (
                f"{kept.images_to_be_evaluated} images with {kept.people} people, "
                f"{kept.people_to_be_found} to be found with {kept.points_to_be_measured} points"
            )
        return (
            f"{kept.images} images with {kept.people} people, {kept.people_with_points} of them "
            f"with {kept.points} points and {kept.people_with_masks} with part masks"
        )

    def as_dict(self) -> dict:
        """The report as JSON can hold it."""
        return {
            "images": self.num_images,
            "annotations": self.num_annotations,
            "kept": vars(self.kept),
            "findings": [
                {
                    "check": one.check.name,
                    "severity": one.check.severity.value,
                    "description": one.check.description,
                    "outcome": one.check.outcome,
                    "evaluation": {
                        "severity": one.check.severity_for(Purpose.EVALUATION).value,
                        "outcome": one.check.outcome_for(Purpose.EVALUATION),
                    },
                    "counts": one.check.scope.value,
                    "count": one.count,
                    "records": one.records,
                    "first_ids": one.first_ids,
                    "first_path": None if one.first_path is None else str(one.first_path),
                    "files": one.files,
                }
                for one in self.findings.values()
            ],
        }
