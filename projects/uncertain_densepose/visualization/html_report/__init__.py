"""Results as one html file that needs no server and no network: tables, figures, and a gallery with
values at every pixel."""

from .figures import FigureGroup, figure_groups
from .gallery import Choice, Picture, choose_images, read_pictures
from .page import render_page
from .results import ReportError, RunResults, read_results
from .tables import Table, metric_tables

Results = RunResults
"""The former name of `RunResults`."""

__all__ = [
    "Choice",
    "FigureGroup",
    "Picture",
    "ReportError",
    "Results",
    "RunResults",
    "Table",
    "choose_images",
    "figure_groups",
    "metric_tables",
    "read_pictures",
    "read_results",
    "render_page",
]
