"""Metrics as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from detectron2.utils.logger import create_small_table
from tabulate import tabulate


def metrics_table(metrics: Mapping[str, float]) -> str:
    """A table of the metrics of a task.

    Args:
        metrics: by name. Those named `metric-group`, as Detectron2 names metrics of categories,
            make a second table with one row a group.
    """
    short = {name: value for name, value in metrics.items() if "-" not in name}
    groups: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        if "-" in name:
            metric, group = name.split("-", 1)
            groups.setdefault(group, {})[metric] = value
    tables = [create_small_table(short)] if short else []
    if groups:
        rows = [{"": group, **values} for group, values in groups.items()]
        tables.append(tabulate(rows, headers="keys", tablefmt="pipe", floatfmt=".3f"))
    return "\n\n".join(tables)
