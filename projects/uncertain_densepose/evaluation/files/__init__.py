"""Results and metrics as files."""

from .result_file import LeftOut, ResultFile, ResultFileError, refuse
from .written_results import metrics_table, write_detections, write_metrics

__all__ = [
    "LeftOut",
    "ResultFile",
    "ResultFileError",
    "metrics_table",
    "refuse",
    "write_detections",
    "write_metrics",
]
