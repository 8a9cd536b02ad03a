"""The report: one picture of a model's predictions for a few held-out people.

Each row is a person. The columns are the image with the detection, the charts, U, V, the standard
deviation in centimetres with covariance ellipses and, where the truth is known, the errors at the
annotated points. All rows share their colour scales.
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

_DPI = 100
_CELL_WIDTH, _CELL_HEIGHT, _CAPTION = 250, 300, 18
_GAP, _LEFT, _TOP, _HEADER, _LEGEND = 10, 20, 60, 58, 96
_MIN_WIDTH = 1000
_ERROR_VMAX_CM = 20.0


@dataclass(frozen=True)
class ReportRow:
    """A person of the report.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        person: the prediction.
        errors: at annotated points, if the truth is known.
        label: identifies the person, e.g. the file name.
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
        rows: about six people, predicted by one model; none is allowed.
        path: the PNG file.
        title: e.g. the names of model and data set.
        headline: numbers below the title, by name; floats are printed with three digits.
        vmax_cm: upper end of the scale of standard deviations; by default their 98th percentile.
    """
    columns = _columns(rows, vmax_cm)
    width = max(2 * _LEFT + len(columns) * (_CELL_WIDTH + _GAP) - _GAP, _MIN_WIDTH)
    height = _TOP + _HEADER + max(len(rows), 1) * (_CELL_HEIGHT + _CAPTION + _GAP) + _LEGEND
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor="white")

    def axes_at(x: float, y: float, w: float, h: float) -> Axes:
        """Axes of w x h pixels whose upper left corner is at pixel (x, y)."""
        return figure.add_axes((x / width, 1 - (y + h) / height, w / width, h / height))

    _write(figure, _LEFT, 30, title, fontsize=16, weight="bold")
    numbers = "    ".join(f"{k} {_number(v)}" for k, v in (headline or {}).items())
    _write(figure, _LEFT, 53, numbers, fontsize=11, color="0.25")
    for index, column in enumerate(columns):
        x = _LEFT + index * (_CELL_WIDTH + _GAP)
        _write(figure, x + _CELL_WIDTH / 2, _TOP + 20, column.title, fontsize=11.5, ha="center")
        if column.scale is not None:
            bar_axes = axes_at(x + 20, _TOP + 28, _CELL_WIDTH - 40, 10)
            add_colour_bar(bar_axes, *column.scale)
            bar_axes.tick_params(labelsize=8, pad=1, length=2)
        for number, row in enumerate(rows):
            y = _TOP + _HEADER + number * (_CELL_HEIGHT + _CAPTION + _GAP)
            column.show(axes_at(x, y, _CELL_WIDTH, _CELL_HEIGHT), row)
    if not rows:
        middle = _TOP + _HEADER + _CELL_HEIGHT / 2
        _write(figure, width / 2, middle, "no people to show", fontsize=14, ha="center")
    add_part_legend(axes_at(_LEFT, height - _LEGEND + 4, width - 2 * _LEFT, _LEGEND - 12))
    figure.savefig(path, format="png", dpi=_DPI)


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
        scale = (SIGMA_COLOURS, _ERROR_VMAX_CM, "horizontal", True)
        columns.append(_Column("error at points (cm)", _show_errors, scale))
    return columns


def crop_limits(person: Person) -> tuple[float, float, float, float]:
    """The part of the image that a cell shows: the box with a margin, at the cell's aspect ratio.

    Returns:
        x0, y0, x1, y1 in pixels, possibly outside the image.
    """
    (x0, y0, x1, y1), margin = person.box_xyxy.tolist(), 1.12
    width, height = max(x1 - x0, 1.0) * margin, max(y1 - y0, 1.0) * margin
    width = max(width, height * _CELL_WIDTH / _CELL_HEIGHT)
    height = width * _CELL_HEIGHT / _CELL_WIDTH
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _show(axes: Axes, row: ReportRow, draw: Callable, *arguments) -> None:
    show_picture(axes, draw(row.image, [row.person], *arguments), crop_limits(row.person))


def _caption(axes: Axes, text: str) -> None:
    below = -(_CAPTION - 5) / _CELL_HEIGHT
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
        vmax=_ERROR_VMAX_CM,
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
    """Text with its baseline at pixel (x, y) from the upper left corner."""
    width, height = figure.get_size_inches() * figure.dpi
    figure.text(x / width, 1 - y / height, text, va="baseline", **style)
