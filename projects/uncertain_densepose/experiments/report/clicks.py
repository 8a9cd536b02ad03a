"""What clicks are worth, as a table and a figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from .markdown import table
from .rows import MODEL_ORDER, WORLD_ORDER, ReportError, Row
from .statistics import Spread

REFERENCES = {"labels": "labels click, labels compared", "truth": "truth clicks, truth compared"}
"""End of a metric's name to what it says."""

PANEL_INCHES = (3.6, 3.2)


def click_table(rows: Sequence[Row]) -> str:
    """Mean error of points that are not clicked, and by how much clicks lower it.

    Args:
        rows: of `experiments.clicks`.

    Raises:
        ReportError: there are none.
    """
    if not rows:
        raise ReportError("no clicks have been measured yet")
    numbers = _numbers(rows)
    lines = []
    for world, model, reference in _series(rows):
        curve = _relative(rows, world, model, reference)
        start = Spread.of(1000 * value[0] for value in _errors(rows, world, model, reference))
        changes = [Spread.of(100 * (values - 1)).text(1, sign=True) for values in curve.T[1:]]
        lines.append([world, model, reference, str(len(curve)), start.text(1), *changes])
    headers = ["world", "model", "clicks and error", "seeds", "0 clicks (10⁻³ uv)"]
    headers += [f"{n} click{'s' if n > 1 else ''} (%)" for n in numbers[1:]]
    title = "Mean error of points that are not clicked, and its change by clicks on their parts"
    return f"{title}\n\n{table(headers, lines)}"


def clicks_figure(rows: Sequence[Row], figure: Figure) -> None:
    """Error over that without clicks against clicks, a panel a reference and a line a model."""
    numbers = _numbers(rows)
    figure.set_size_inches(PANEL_INCHES[0] * len(REFERENCES), PANEL_INCHES[1])
    panels = figure.subplots(1, len(REFERENCES), sharey=True)
    markers = "osD^v"
    for axes, (reference, meaning) in zip(panels, REFERENCES.items(), strict=True):
        pairs = [(world, model) for world, model, one in _series(rows) if one == reference]
        for number, (world, model) in enumerate(pairs):
            curve = _relative(rows, world, model, reference)
            # Beside each other, so that bars can be told apart.
            x = np.array(numbers) + 0.03 * (number - len(pairs) / 2)
            axes.errorbar(
                x,
                100 * curve.mean(axis=0),
                100 * curve.std(axis=0, ddof=1) if len(curve) > 1 else None,
                label=f"{model}, {world}",
                marker=markers[number % len(markers)],
                markersize=4,
                capsize=2,
                linewidth=1,
            )
        axes.set(xlabel="clicks on the part", title=meaning, xticks=numbers)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("error of its other points (%)")
    panels[0].set_ylim(bottom=0)
    panels[-1].legend(fontsize="small")


def _numbers(rows: Sequence[Row]) -> list[int]:
    return sorted({int(row.metrics["clicks"]) for row in rows})


def _series(rows: Sequence[Row]) -> list[tuple[str, str, str]]:
    """World, model and reference of each line, in the order of reports."""
    found = {(row.world, row.model) for row in rows}
    ordered = [(w, m) for w in WORLD_ORDER for m in MODEL_ORDER if (w, m) in found]
    return [(*pair, reference) for pair in ordered for reference in REFERENCES]


def _errors(rows: Sequence[Row], world: str, model: str, reference: str) -> np.ndarray:
    """(seeds, numbers of clicks) mean errors, chart units."""
    chosen = [row for row in rows if (row.world, row.model) == (world, model)]
    return np.array(
        [
            [
                row.metrics[f"error_uv_{reference}"]
                for row in sorted(chosen, key=lambda row: row.metrics["clicks"])
                if (row.seed, row.steps) == key
            ]
            for key in sorted({(row.seed, row.steps) for row in chosen})
        ]
    )


def _relative(rows: Sequence[Row], world: str, model: str, reference: str) -> np.ndarray:
    """`_errors` over those without clicks."""
    errors = _errors(rows, world, model, reference)
    return errors / errors[:, :1]
