"""What is odd about an annotation file, and what is left of it for training.

The loader of data sets and `tools/check_annotations.py` go through a file with the same function:
what is reported is what is trained. A check of your own is a function in one of the modules here,
with the decorator `check`.
"""

# Each registers its checks.
from . import content_checks, image_file_checks, mask_checks, person_checks, point_checks  # noqa: F401
from .registry import CHECKS, Check, Scope, Severity, check
from .report import Finding, Report
from .screening import Screened, screen, screen_image_files

__all__ = [
    "CHECKS",
    "Check",
    "Finding",
    "Report",
    "Scope",
    "Screened",
    "Severity",
    "check",
    "screen",
    "screen_image_files",
]
