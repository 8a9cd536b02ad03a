"""Metrics of several runs side by side."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from .results import RunResults

MISSING = "–"
SIGNIFICANT_FIGURES = 4

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
"""Title and meaning of this project's tasks; others are shown by name."""


@dataclass(frozen=True)
class MetricCell:
    """A value as displayed, and as a number to sort by (None for text and missing values)."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table of metrics.

    Attributes:
        title, meaning: of the task. data_set: its name, or "".
        row_kind: what a row is, "metric" or "group".
        metrics: headers of groups of columns, one per metric; empty without such groups.
        columns: headers of the columns (of each group).
        rows: the name and the cells of each row.
    """

    title: str
    meaning: str
    data_set: str
    row_kind: str
    metrics: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[MetricCell]]]


def metric_tables(runs: Sequence[RunResults]) -> list[Table]:
    """The tables of all data sets and tasks, in order of first appearance.

    Each task has a table with a row per metric and a column per run that has the task. Metrics
    named `metric-group`, as Detectron2 names those of categories, get a second table with a row per
    group.
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


def _cells(values: Sequence[object]) -> list[MetricCell]:
    """JSON values as the cells of one row or column: numbers have the same number of decimals, such
    that the largest has `SIGNIFICANT_FIGURES`. Null means missing."""
    finite = [abs(value) for value in values if _is_number(value) and math.isfinite(value)]
    whole = all(isinstance(value, int) for value in values if _is_number(value))
    largest = max(finite, default=0)
    decimals = (
        0
        if whole or not largest
        else max(SIGNIFICANT_FIGURES - 1 - math.floor(math.log10(largest)), 0)
    )
    return [_cell(value, decimals) for value in values]


def _cell(value: object, decimals: int) -> MetricCell:
    if _is_number(value):
        known = math.isfinite(value)
        return MetricCell(f"{value:.{decimals}f}", float(value)) if known else MetricCell(MISSING)
    if value is None:
        return MetricCell(MISSING)
    return MetricCell(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
