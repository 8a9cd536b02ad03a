"""The report of the experiment: tables and figures made from its csv file."""

from .document import write_report
from .rows import ReportError, Results, read_rows

__all__ = ["ReportError", "Results", "read_rows", "write_report"]
