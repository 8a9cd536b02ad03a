"""Metrics as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from detectron2.utils.logger import create_small_table
from tabulate import tabulate

_MAX_COLUMNS = 10


def metrics_table(metrics: Mapping[str, float]) -> str:
    """The metrics of a task as tables of at most ten columns.

    Args:
        metrics: by name. Those named `metric-group`, as Detectron2 names metrics of categories,
            make a last table with one row a group.
    """
    short = [(name, value) for name, value in metrics.items() if "-" not in name]
    groups: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        if "-" in name:
            metric, group = name.split("-", 1)
            groups.setdefault(group, {})[metric] = value
    tables = [
        create_small_table(dict(short[start : start + _MAX_COLUMNS]))
        for start in range(0, len(short), _MAX_COLUMNS)
    ]
    if groups:
        rows = [{"": group, **values} for group, values in groups.items()]
        tables.append(tabulate(rows, headers="keys", tablefmt="pipe", floatfmt=".3f"))
    return "\n\n".join(tables)
