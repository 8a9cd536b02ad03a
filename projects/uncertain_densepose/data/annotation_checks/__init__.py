"""Checks of annotation files, which also decide what training uses of them.

The loader of data sets and `tools/check_annotations.py` call the same function, so what is reported
is what is trained. To add a check, write a function in one of the modules here and decorate it with
`check`.
"""

# Importing these registers the checks.
from . import (  # noqa: F401
    content_checks,
    image_file_checks,
    mask_checks,
    person_checks,
    point_checks,
    whole_file_checks,
)
from .content_checks import person_category
from .registry import CHECKS, Check, Purpose, Scope, Severity, check
from .report import Finding, Report
from .screening import Screened, screen, screen_image_files

__all__ = [
    "CHECKS",
    "Check",
    "Finding",
    "Purpose",
    "Report",
    "Scope",
    "Screened",
    "Severity",
    "check",
    "person_category",
    "screen",
    "screen_image_files",
]
