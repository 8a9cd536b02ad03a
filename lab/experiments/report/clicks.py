"""What clicks are worth, as a table and a figure."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .figures import PANEL_INCHES
from .markdown import markdown_table
from .rows import MODEL_ORDER, WORLD_ORDER, DocumentError, ordered
from .statistics import Spread

REFERENCES = {"labels": "labels click, labels compared", "truth": "truth clicks, truth compared"}
"""End of a metric's name to what it says."""

LEGEND_INCHES = 2.6


def click_table(rows: pd.DataFrame) -> str:
    """Mean error of points that are not clicked, and by how much clicks lower it.

    Args:
        rows: of `experiments.clicks`, as `read_rows` gives them.

    Raises:
        DocumentError: there are no rows.
    """
    if rows.empty:
        raise DocumentError("no clicks have been measured yet")
    lines = []
    for names, measured in _series(rows):
        for reference in REFERENCES:
            errors = _errors(measured, reference)
            start = Spread.of(1000 * errors[0]).text(1)
            changes = 100 * (_relative(errors) - 1).drop(columns=0)
            texts = [Spread.of(changes[clicks]).text(1, sign=True) for clicks in changes]
            lines.append([*map(str, names), str(len(errors)), reference, start, *texts])
    headers = ["world", "model", "steps", "seeds", "clicks and error", "0 clicks (10⁻³ uv)"]
    headers += [f"{n} click{'s' if n > 1 else ''} (%)" for n in _numbers(rows)[1:]]
    title = "Mean error of points that are not clicked, and its change by clicks on their parts"
    return f"{title}\n\n{markdown_table(headers, lines)}"


def clicks_figure(rows: pd.DataFrame, figure: Figure) -> None:
    """Plot errors relative to those without clicks against clicks.

    One panel per reference, one line per world, model and steps.

    Args:
        rows: as for `click_table`.
        figure: to draw on; its size is set.
    """
    numbers, series = _numbers(rows), _series(rows)
    width, height = PANEL_INCHES
    figure.set_size_inches(width * len(REFERENCES) + LEGEND_INCHES, height)
    panels = figure.subplots(1, len(REFERENCES), sharey=True)
    markers = "osD^v"
    for axes, (reference, meaning) in zip(panels, REFERENCES.items(), strict=True):
        for number, ((world, model, steps), measured) in enumerate(series):
            curve = 100 * _relative(_errors(measured, reference))
            # Beside each other, so that bars can be told apart.
            axes.errorbar(
                np.array(numbers) + 0.03 * (number - len(series) / 2),
                curve.mean(),
                curve.std() if len(curve) > 1 else None,
                label=f"{model}, {world}, {steps} steps",
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


def _numbers(rows: pd.DataFrame) -> list[int]:
    return sorted(rows["clicks"].astype(int).unique())


def _series(rows: pd.DataFrame) -> list[tuple[tuple[Hashable, ...], pd.DataFrame]]:
    """World, model and steps of each line of a figure, in the order of reports, with its rows."""
    columns = {"world": WORLD_ORDER, "model": MODEL_ORDER}
    orders = {
        name: pd.Categorical(rows[name], ordered(rows[name], columns[name])) for name in columns
    }
    return list(rows.assign(**orders).groupby([*columns, "steps"], observed=True))


def _errors(rows: pd.DataFrame, reference: str) -> pd.DataFrame:
    """(seeds, numbers of clicks) mean errors of a line, chart units."""
    return rows.pivot(index="seed", columns="clicks", values=f"error_uv_{reference}")


def _relative(errors: pd.DataFrame) -> pd.DataFrame:
    """Errors over those without clicks."""
    return errors.div(errors[0], axis=0)
