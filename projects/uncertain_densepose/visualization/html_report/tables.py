"""Metrics of several runs side by side."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from .results import Results

MISSING = "–"
FIGURES = 4

BOXES = {"": "detected boxes", "_gt_boxes": "annotated boxes"}
TASKS = {
    "bbox": ("Boxes", "AP of detected boxes, %"),
    "densepose_gps": ("Dense pose, GPS", "AP and AR of geodesic point similarity, %"),
    "densepose_gpsm": ("Dense pose, GPSm", "AP and AR of √(GPS · mask IoU), %"),
    "densepose_segm": ("Dense pose, masks", "AP and AR of mask IoU, %"),
    **{
        f"{task}{suffix}": (f"{title}, {boxes}", meaning)
        for suffix, boxes in BOXES.items()
        for task, title, meaning in (
            ("correspondence", "Correspondence", "annotated points within a distance, and AUC, %"),
            ("likelihood", "Likelihood", "nats a point"),
            ("calibration", "Calibration", "predicted against observed errors"),
        )
    },
}
"""Title and meaning of the tasks of our evaluators; others are shown by their name."""


@dataclass(frozen=True)
class Cell:
    """A value as text, and exactly for sorting: a number, or None for text and what is missing."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table of metrics.

    Attributes:
        title, meaning: what it is about. data_set: that was evaluated, or "".
        row_kind: what a row is.
        metrics: the metric of each group of columns, a column a run; empty where the columns are
            all there is.
        columns: headers of the columns of a group, or of all.
        rows: the name of a row, and its cells.
    """

    title: str
    meaning: str
    data_set: str
    row_kind: str
    metrics: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]


def metric_tables(runs: Sequence[Results]) -> list[Table]:
    """Tables of all data sets and tasks, in the order in which they are first met.

    A task gives a table with a row a metric and a column a run. Its metrics named `metric-group`,
    as Detectron2 names those of categories, give another one with a row a group. A run that lacks
    the task has no column.
    """
    keys = {
        (data_set, task): None
        for run in runs
        for data_set, tasks in run.metrics.items()
        for task in tasks
    }
    tables = []
    for data_set, task in keys:
        of_runs = {
            run.name: run.metrics[data_set][task]
            for run in runs
            if task in run.metrics.get(data_set, {})
        }
        title, meaning = TASKS.get(task, (task, ""))
        names = list(dict.fromkeys(name for values in of_runs.values() for name in values))
        plain = [name for name in names if "-" not in name]
        if plain:
            rows = [(name, _cells([r.get(name) for r in of_runs.values()])) for name in plain]
            tables.append(Table(title, meaning, data_set, "metric", [], list(of_runs), rows))
        if len(plain) < len(names):
            tables.append(_group_table(title, data_set, names, of_runs))
    return tables


def _group_table(
    title: str, data_set: str, names: Sequence[str], of_runs: Mapping[str, Mapping]
) -> Table:
    """The table of the metrics named `metric-group`."""
    split = [name.split("-", 1) for name in names if "-" in name]
    metrics = list(dict.fromkeys(metric for metric, _ in split))
    groups = list(dict.fromkeys(group for _, group in split))
    by_metric = [
        _cells([r.get(f"{metric}-{group}") for group in groups for r in of_runs.values()])
        for metric in metrics
    ]
    count = len(of_runs)
    rows = [
        (group, [cell for cells in by_metric for cell in cells[i * count : (i + 1) * count]])
        for i, group in enumerate(groups)
    ]
    return Table(
        title=title,
        meaning="by group",
        data_set=data_set,
        row_kind="group",
        metrics=[] if count == 1 else metrics,
        columns=metrics if count == 1 else list(of_runs),
        rows=rows,
    )


def _cells(values: Sequence[object]) -> list[Cell]:
    """What JSON holds as cells that are compared: numbers have the same number of decimals, so that
    the largest has four figures. Null, where there was nothing to measure, is missing."""
    finite = [abs(value) for value in values if _is_number(value) and math.isfinite(value)]
    whole = all(isinstance(value, int) for value in values if _is_number(value))
    largest = max(finite, default=0)
    decimals = 0 if whole or not largest else max(FIGURES - 1 - math.floor(math.log10(largest)), 0)
    return [_cell(value, decimals) for value in values]


def _cell(value: object, decimals: int) -> Cell:
    if _is_number(value):
        known = math.isfinite(value)
        return Cell(f"{value:.{decimals}f}", float(value)) if known else Cell(MISSING)
    if value is None:
        return Cell(MISSING)
    return Cell(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
