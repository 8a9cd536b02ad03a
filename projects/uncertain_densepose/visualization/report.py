"""The report: one picture that shows what a model learned on a few held-out people.

A row a person, a column a subject: the image with the detection, the charts, U, V, the standard
deviation in centimetres with covariance ellipses and, where the truth is known, the error of the
annotated points. All rows share their colour scales, so that they can be compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..inference.person import Person
from .colour_bar import add_colour_bar
from .layers import draw_parts, draw_sigma_cm, draw_uv, shared_vmax_cm
from .palette import COORDINATE_COLOURS, SIGMA_COLOURS
from .panels import add_box, add_ellipses, add_part_legend, show_picture
from .point_errors import PointErrors

DPI = 100
CELL_WIDTH, CELL_HEIGHT, CAPTION = 250, 300, 18
GAP, LEFT, TOP, HEADER, LEGEND = 10, 20, 60, 58, 96
MIN_WIDTH = 1000
ERROR_VMAX_CM = 20.0


@dataclass(frozen=True)
class ReportRow:
    """A person of the report.

    Attributes:
        image: (H, W, 3) uint8, blue, green, red.
        person: the prediction.
        errors: at annotated points, where the truth is known.
        label: says which person it is, for example the file name.
    """

    image: np.ndarray
    person: Person
    errors: PointErrors | None = None
    label: str = ""


@dataclass(frozen=True)
class _Column:
    title: str
    show: Callable[[Axes, ReportRow], None]
    scale: tuple | None = None


def make_report(
    rows: Sequence[ReportRow],
    path: str | os.PathLike,
    title: str = "",
    headline: Mapping[str, float | str] | None = None,
    vmax_cm: float | None = None,
) -> None:
    """Draw the report and write it as a PNG.

    Args:
        rows: about six people of one model; without any, the picture says that there are none.
        path: where to write; an existing file is replaced.
        title: for example the model's name and data set.
        headline: numbers to print below the title, by name; floats with three figures.
        vmax_cm: end of the scale of standard deviations; by default their 98th percentile.
    """
    columns = _columns(rows, vmax_cm)
    width = max(2 * LEFT + len(columns) * (CELL_WIDTH + GAP) - GAP, MIN_WIDTH)
    height = TOP + HEADER + max(len(rows), 1) * (CELL_HEIGHT + CAPTION + GAP) + LEGEND
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")

    def axes_at(x: float, y: float, w: float, h: float) -> Axes:
        """Axes whose upper left corner is at pixel (x, y) of the picture."""
        return figure.add_axes((x / width, 1 - (y + h) / height, w / width, h / height))

    _write(figure, LEFT, 30, title, fontsize=16, weight="bold")
    numbers = "    ".join(f"{k} {_number(v)}" for k, v in (headline or {}).items())
    _write(figure, LEFT, 53, numbers, fontsize=11, color="0.25")
    for index, column in enumerate(columns):
        x = LEFT + index * (CELL_WIDTH + GAP)
        _write(figure, x + CELL_WIDTH / 2, TOP + 20, column.title, fontsize=11.5, ha="center")
        if column.scale is not None:
            bar_axes = axes_at(x + 20, TOP + 28, CELL_WIDTH - 40, 10)
            add_colour_bar(bar_axes, *column.scale)
            bar_axes.tick_params(labelsize=8, pad=1, length=2)
        for number, row in enumerate(rows):
            y = TOP + HEADER + number * (CELL_HEIGHT + CAPTION + GAP)
            column.show(axes_at(x, y, CELL_WIDTH, CELL_HEIGHT), row)
    if not rows:
        middle = TOP + HEADER + CELL_HEIGHT / 2
        _write(figure, width / 2, middle, "no people to show", fontsize=14, ha="center")
    add_part_legend(axes_at(LEFT, height - LEGEND + 4, width - 2 * LEFT, LEGEND - 12))
    figure.savefig(path, format="png", dpi=DPI)


def _columns(rows: Sequence[ReportRow], vmax_cm: float | None) -> list[_Column]:
    people = [row.person for row in rows]
    vmax_cm = shared_vmax_cm(people) if vmax_cm is None else vmax_cm
    unit = (COORDINATE_COLOURS, 1.0)
    columns = [
        _Column("detection", _show_detection),
        _Column("body part", lambda axes, row: _show(axes, row, draw_parts)),
        _Column("U", lambda axes, row: _show(axes, row, draw_uv, "u"), unit),
        _Column("V", lambda axes, row: _show(axes, row, draw_uv, "v"), unit),
    ]
    if vmax_cm is None:
        columns.append(_Column("σ", _show_no_noise_model))
    else:
        columns.append(
            _Column(
                "σ (cm), 1σ ellipses",
                lambda axes, row: _show_sigma(axes, row, vmax_cm),
                (SIGMA_COLOURS, vmax_cm, "horizontal", True),
            )
        )
    if any(row.errors is not None for row in rows):
        scale = (SIGMA_COLOURS, ERROR_VMAX_CM, "horizontal", True)
        columns.append(_Column("error at points (cm)", _show_errors, scale))
    return columns


def crop_limits(person: Person) -> tuple[float, float, float, float]:
    """The part of the image that a cell shows: the box with a margin, in the cell's proportions.

    Returns:
        x0, y0, x1, y1 in pixels; it may reach out of the image.
    """
    (x0, y0, x1, y1), margin = person.box_xyxy.tolist(), 1.12
    width, height = max(x1 - x0, 1.0) * margin, max(y1 - y0, 1.0) * margin
    width = max(width, height * CELL_WIDTH / CELL_HEIGHT)
    height = width * CELL_HEIGHT / CELL_WIDTH
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _show(axes: Axes, row: ReportRow, draw: Callable, *arguments) -> None:
    show_picture(axes, draw(row.image, [row.person], *arguments), crop_limits(row.person))


def _caption(axes: Axes, text: str) -> None:
    below = -(CAPTION - 5) / CELL_HEIGHT
    axes.text(0, below, text, transform=axes.transAxes, fontsize=9, color="0.25", va="baseline")


def _show_detection(axes: Axes, row: ReportRow) -> None:
    show_picture(axes, row.image, crop_limits(row.person))
    add_box(axes, row.person)
    _caption(axes, "  ".join(filter(None, [row.label, f"score {row.person.score:.2f}"])))


def _show_sigma(axes: Axes, row: ReportRow, vmax_cm: float) -> None:
    _show(axes, row, draw_sigma_cm, vmax_cm)
    add_ellipses(axes, row.person)
    shown, sigma_cm = row.person.part > 0, row.person.sigma_cm
    if sigma_cm is None:
        _caption(axes, "no noise model")
    elif shown.any():
        _caption(axes, f"median {np.median(sigma_cm[shown]):.1f} cm")


def _show_no_noise_model(axes: Axes, row: ReportRow) -> None:
    show_picture(axes, row.image, crop_limits(row.person))
    _caption(axes, "no noise model" if not row.person.has_uncertainty else "no body pixel")


def _show_errors(axes: Axes, row: ReportRow) -> None:
    grey = np.repeat(row.image.mean(axis=-1, keepdims=True), 3, axis=-1)
    show_picture(axes, (0.55 * grey).astype(np.uint8), crop_limits(row.person))
    if row.errors is None:
        _caption(axes, "no annotated points")
        return
    x, y = row.errors.xy_image.T
    distance = row.errors.distance_cm
    found = np.isfinite(distance)
    axes.scatter(
        x[found],
        y[found],
        s=26,
        c=distance[found],
        vmin=0,
        vmax=ERROR_VMAX_CM,
        cmap=SIGMA_COLOURS,
        edgecolors="white",
        linewidths=0.7,
    )
    axes.scatter(x[~found], y[~found], marker="x", color="#ff5577", s=26, linewidths=1.4)
    share = 100 * float((distance <= 10).mean()) if len(distance) else float("nan")
    _caption(axes, f"{share:.0f} % within 10 cm (× off the body)")


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"


def _write(figure: Figure, x: float, y: float, text: str, **style) -> None:
    """Text whose base line starts (or is centred) at pixel (x, y) from the upper left corner."""
    width, height = figure.get_size_inches() * figure.dpi
    figure.text(x / width, 1 - y / height, text, va="baseline", **style)
