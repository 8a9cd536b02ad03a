"""The check of an annotation file by tools/check_annotations.py, and its report."""

from __future__ import annotations

import argparse
import json

from tqdm import tqdm

from ..data.annotation_checks import (
    Finding,
    Purpose,
    Report,
    Scope,
    Severity,
    screen,
    screen_image_files,
)
from ..data.annotation_file import read_annotation_file
from .check_status import ALL_USED, LEFT_OUT, STOPS
from .options import UsageError, check_new_file


def run(args: argparse.Namespace) -> Report:
    """Check an annotation file, with --images also its images, and write --json.

    Raises:
        UsageError: the folder of images does not exist.
        AnnotationFileError: the annotation file cannot be read.
    """
    if args.images is not None and not args.images.is_dir():
        raise UsageError(f"--images {args.images}: no such folder")
    check_new_file(args.json, "--json")
    content = read_annotation_file(args.annotations)
    screened = screen(content, lambda all_: tqdm(all_, desc="annotations", disable=None))
    if args.images is not None:
        images = tqdm(screened.images, desc="images", disable=None)
        screen_image_files(images, args.images, screened.report)
    if args.json is not None:
        text = json.dumps({"file": args.annotations, **screened.report.as_dict()}, indent=2)
        args.json.write_text(text + "\n")
    return screened.report


def text_of(report: Report, purpose: str | None = None) -> str:
    """The report as printed.

    Args:
        report: of `run`.
        purpose: "training", "evaluation" or None for both.
    """
    purposes = _purposes(purpose)
    lines = [f"{report.num_images} images, {report.num_annotations} annotations"]
    lines += [f"{one.value} uses {report.kept_for(one)}" for one in purposes]
    for severity in Severity:
        for finding in report.of(severity, purposes[0]):
            check = finding.check
            lines += ["", _headline(finding, severity)]
            lines.append(f"    {check.description}: {check.outcome_for(purposes[0])}")
            if len(purposes) > 1 and check.evaluation is not None:
                lines.append(f"    evaluation: {check.difference}")
            lines += [f"    {reason}" for reason in finding.files[: len(finding.first_ids)]]
    return "\n".join(lines)


def _purposes(purpose: str | None) -> list[Purpose]:
    return list(Purpose) if purpose is None else [Purpose(purpose)]


def _headline(finding: Finding, severity: Severity) -> str:
    check, more = finding.check, finding.records > len(finding.first_ids)
    ids = ", ".join(map(str, finding.first_ids)) + (", ..." if more else "")
    if check.scope is Scope.WHOLE:
        return f"{severity.value}: {check.name}: {ids}"
    counted = f"{finding.count} {check.scope.value}"
    if finding.count != finding.records:
        counted += f" in {finding.records} annotations"
    first_path = "" if finding.first_path is None else f"; first {finding.first_path}"
    return f"{severity.value}: {check.name}: {counted} (ids {ids}{first_path})"


def exit_status(report: Report, purpose: str | None = None) -> int:
    """The exit status of `check_status` that the report gives, for one purpose or for both."""

    def found(*severities: Severity) -> bool:
        return any(report.of(one, each) for one in severities for each in _purposes(purpose))

    if found(Severity.FATAL):
        return STOPS
    return LEFT_OUT if found(Severity.WARNING, Severity.DROPPED) else ALL_USED
