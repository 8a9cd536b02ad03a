"""What clicks are worth, as a table and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from .markdown import table
from .rows import MODEL_ORDER, WORLD_ORDER, DocumentError, Row
from .statistics import Spread

REFERENCES = {"labels": "labels click, labels compared", "truth": "truth clicks, truth compared"}
"""End of a metric's name to what it says."""

PANEL_INCHES = (3.6, 3.2)
LEGEND_INCHES = 2.6


def click_table(rows: Sequence[Row]) -> str:
    """Mean error of points that are not clicked, and by how much clicks lower it.

    Args:
        rows: of `experiments.clicks`.

    Raises:
        DocumentError: there are none.
    """
    if not rows:
        raise DocumentError("no clicks have been measured yet")
    numbers = _numbers(rows)
    lines = []
    for series in _series(rows):
        for reference in REFERENCES:
            curve = _relative(rows, series, reference)
            start = Spread.of(1000 * value[0] for value in _errors(rows, series, reference))
            changes = [Spread.of(100 * (values - 1)).text(1, sign=True) for values in curve.T[1:]]
            models = [*series[:2], str(series.steps), str(len(curve))]
            lines.append([*models, reference, start.text(1), *changes])
    headers = ["world", "model", "steps", "seeds", "clicks and error", "0 clicks (10⁻³ uv)"]
    headers += [f"{n} click{'s' if n > 1 else ''} (%)" for n in numbers[1:]]
    title = "Mean error of points that are not clicked, and its change by clicks on their parts"
    return f"{title}\n\n{table(headers, lines)}"


def clicks_figure(rows: Sequence[Row], figure: Figure) -> None:
    """Error over that without clicks against clicks, a panel a reference and a line a model."""
    numbers = _numbers(rows)
    width, height = PANEL_INCHES
    figure.set_size_inches(width * len(REFERENCES) + LEGEND_INCHES, height)
    panels = figure.subplots(1, len(REFERENCES), sharey=True)
    markers = "osD^v"
    for axes, (reference, meaning) in zip(panels, REFERENCES.items(), strict=True):
        lines = _series(rows)
        for number, series in enumerate(lines):
            curve = _relative(rows, series, reference)
            # Beside each other, so that bars can be told apart.
            x = np.array(numbers) + 0.03 * (number - len(lines) / 2)
            axes.errorbar(
                x,
                100 * curve.mean(axis=0),
                100 * curve.std(axis=0, ddof=1) if len(curve) > 1 else None,
                label=f"{series.model}, {series.world}, {series.steps} steps",
                marker=markers[number % len(markers)],
                markersize=4,
                capsize=2,
                linewidth=1,
            )
        axes.set(xlabel="clicks on the part", title=meaning, xticks=numbers)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("error of its other points (%)")
    panels[0].set_ylim(bottom=0)
    lines, names = panels[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside right upper", fontsize="small")


def _numbers(rows: Sequence[Row]) -> list[int]:
    return sorted({int(row.metrics["clicks"]) for row in rows})


class _Series(NamedTuple):
    """Models of all seeds, one line of a figure."""

    world: str
    model: str
    steps: int


def _series(rows: Sequence[Row]) -> list[_Series]:
    """What was measured, in the order of reports."""
    found = {_Series(row.world, row.model, row.steps) for row in rows}

    def place(series: _Series) -> tuple[int, int, int]:
        return WORLD_ORDER.index(series.world), MODEL_ORDER.index(series.model), series.steps

    return sorted(found, key=place)


def _errors(rows: Sequence[Row], series: _Series, reference: str) -> np.ndarray:
    """(seeds, numbers of clicks) mean errors, chart units."""
    chosen = [row for row in rows if (row.world, row.model, row.steps) == series]
    return np.array(
        [
            [
                row.metrics[f"error_uv_{reference}"]
                for row in sorted(chosen, key=lambda row: row.metrics["clicks"])
                if row.seed == seed
            ]
            for seed in sorted({row.seed for row in chosen})
        ]
    )


def _relative(rows: Sequence[Row], series: _Series, reference: str) -> np.ndarray:
    """`_errors` over those without clicks."""
    errors = _errors(rows, series, reference)
    return errors / errors[:, :1]
