"""The check of an annotation file by tools/check_annotations.py, and its report."""

from __future__ import annotations

import argparse
import json

from tqdm import tqdm

from ..data.annotation_checks import Finding, Report, Severity, screen, screen_image_files
from ..data.coco_densepose import read_annotation_file
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


def text_of(report: Report) -> str:
    """The report as printed."""
    kept = report.kept
    lines = [
        f"{report.num_images} images, {report.num_annotations} annotations",
        f"training uses {kept.images} images with {kept.people} people: {kept.people_with_points}"
        f" with {kept.points} points, {kept.people_with_masks} with part masks",
    ]
    for severity in Severity:
        for finding in report.of(severity):
            lines += ["", _headline(finding)]
            lines.append(f"    {finding.check.description}: {finding.check.outcome}")
    return "\n".join(lines)


def _headline(finding: Finding) -> str:
    check, more = finding.check, finding.records > len(finding.first_ids)
    ids = ", ".join(map(str, finding.first_ids)) + (", ..." if more else "")
    counted = f"{finding.count} {check.scope.value}"
    if finding.count != finding.records:
        counted += f" in {finding.records} annotations"
    first_path = "" if finding.first_path is None else f"; first {finding.first_path}"
    return f"{check.severity.value}: {check.name}: {counted} (ids {ids}{first_path})"


def exit_status(report: Report) -> int:
    """The exit status of `check_status` that the report gives."""
    if report.of(Severity.FATAL):
        return STOPS
    return LEFT_OUT if report.of(Severity.DROPPED) else ALL_USED
