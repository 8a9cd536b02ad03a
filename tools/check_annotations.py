#!/usr/bin/env python
"""Tell what training would leave out of an annotation file, repair in it, or stop at."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from uncertain_densepose.data.annotation_checks import (
    Finding,
    Report,
    Severity,
    screen,
    screen_image_files,
)
from uncertain_densepose.data.coco_densepose import read_annotation_file
from uncertain_densepose.structures.coco_annotation import AnnotationFileError

USER_ERRORS = (AnnotationFileError, OSError)

ALL_USED, LEFT_OUT, STOPS = 0, 1, 2

EPILOGUE = f"""\
docs/ANNOTATIONS.md describes the form of the file and lists the checks. Findings are
  fatal     training stops
  dropped   training leaves out what was found
  repaired  training uses what was found, in the way that is told
Each annotation, and each point, is counted as dropped under one finding, the first that applies.
The loader of data sets goes by the same checks: what is dropped here is what is not trained.
Evaluation is stricter, and stops at malformed annotations.

exit status: {ALL_USED} all of the file is used
             {LEFT_OUT} something is dropped
             {STOPS} training would stop, or the file cannot be read

example:
  python tools/check_annotations.py datasets/coco/annotations/densepose_minival2014.json \\
      --images datasets/coco/val2014
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("annotations", metavar="JSON", help="COCO file with dense-pose annotations")
    add("--images", type=Path, metavar="DIR", help="also look at its images, in this folder")
    add("--json", type=Path, metavar="OUT", help="also write the report for machines")
    return parser


def text_of(report: Report) -> str:
    """The report for people."""
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
    """What a script learns; see the epilogue."""
    if report.of(Severity.FATAL):
        return STOPS
    return LEFT_OUT if report.of(Severity.DROPPED) else ALL_USED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; a file that cannot be read ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.images is not None and not args.images.is_dir():
        parser.error(f"--images {args.images}: no such folder")
    try:
        content = read_annotation_file(args.annotations)
        screened = screen(content, lambda all_: tqdm(all_, desc="annotations", disable=None))
        if args.images is not None:
            images = tqdm(screened.images, desc="images", disable=None)
            screen_image_files(images, args.images, screened.report)
        if args.json is not None:
            text = json.dumps({"file": args.annotations, **screened.report.as_dict()}, indent=2)
            args.json.write_text(text + "\n")
    except USER_ERRORS as error:
        parser.error(str(error))
    print(f"{args.annotations}: {text_of(screened.report)}")
    return exit_status(screened.report)


if __name__ == "__main__":
    sys.exit(main())
