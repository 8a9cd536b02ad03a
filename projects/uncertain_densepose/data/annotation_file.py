"""Reading an annotation file by the checks' table, for training and for evaluation."""

from __future__ import annotations

import json
import os
from typing import Any

from detectron2.utils.file_io import PathManager

from ..structures.coco_annotation import AnnotationFileError
from .annotation_checks import Purpose, Report, Screened, Severity, screen


def read_annotation_file(json_file: str | os.PathLike) -> Any:
    """The content of a JSON file, which may begin with a byte order mark.

    Raises:
        OSError: the file cannot be read.
        AnnotationFileError: it is not JSON, or nested too deeply.
    """
    path = PathManager.get_local_path(os.fspath(json_file))
    try:
        with open(path, "rb") as file:
            return json.load(file)
    except (ValueError, RecursionError) as error:
        raise AnnotationFileError(f"{json_file}: not JSON ({error})") from error


def read_screened(json_file: str | os.PathLike, purpose: Purpose) -> tuple[dict, Screened]:
    """A COCO file's content, and what training or evaluation uses of it.

    Raises:
        OSError: the file cannot be read.
        AnnotationFileError: it is not JSON, or a check is fatal.
    """
    content = read_annotation_file(json_file)
    screened = screen(content)
    refuse_fatal(json_file, screened.report, purpose)
    return content, screened


def refuse_fatal(json_file: str | os.PathLike, report: Report, purpose: Purpose) -> None:
    """Raise the first fatal finding for a purpose.

    Raises:
        AnnotationFileError: there is one. The message names the file, what is wrong, and where.
    """
    for finding in report.of(Severity.FATAL, purpose):
        check = finding.check
        where = ", ".join(map(str, finding.first_ids))
        if finding.first_path is not None:
            where = f"image {where}: {finding.first_path}"
        raise AnnotationFileError(
            f"{json_file}: {check.description} ({where}): {check.outcome_for(purpose)}"
        )
