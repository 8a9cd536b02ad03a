"""The report of the experiment: tables and figures made from its csv file."""

from .document import write_report
from .rows import DocumentError, Results, read_rows

__all__ = ["DocumentError", "Results", "read_rows", "write_report"]
