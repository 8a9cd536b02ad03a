"""Panels of matplotlib figures that the report and the pictures of whole images share."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from uncertain_densepose.inference.person import Person
from uncertain_densepose.surface import PART_NAMES

from .colour_bar import add_colour_bar
from .ellipses import person_ellipses
from .layers import draw_parts, draw_sigma_cm, draw_uv, shared_vmax_cm
from .palette import COORDINATE_COLOURS, PART_COLOURS, SIGMA_COLOURS

BEYOND_THE_IMAGE = "0.88"
BOX_COLOUR = "#ffd23f"


def show_picture(
    axes: Axes, picture_bgr: np.ndarray, limits: tuple[float, float, float, float]
) -> None:
    """Show a part of a picture in axes that count in its pixels, pixel centres at half integers.

    Args:
        axes: to fill.
        picture_bgr: (H, W, 3) uint8.
        limits: x0, y0, x1, y1 in pixels; what is beyond the picture is light grey.
    """
    height, width = picture_bgr.shape[:2]
    axes.imshow(picture_bgr[..., ::-1], extent=(0, width, height, 0), interpolation="nearest")
    x0, y0, x1, y1 = limits
    axes.set(
        xlim=(x0, x1),
        ylim=(y1, y0),
        xticks=[],
        yticks=[],
        aspect="equal",
        facecolor=BEYOND_THE_IMAGE,
    )
    for spine in axes.spines.values():
        spine.set_visible(False)


def add_box(axes: Axes, person: Person) -> None:
    """The person's box over a picture of :func:`show_picture`."""
    (x0, y0), (width, height) = person.box_xyxy[:2], person.box_xyxy[2:] - person.box_xyxy[:2]
    axes.add_patch(Rectangle((x0, y0), width, height, fill=False, ec=BOX_COLOUR, lw=1.6))


def add_scored_box(axes: Axes, person: Person) -> None:
    """:func:`add_box` with the detection's score at its upper left corner."""
    add_box(axes, person)
    x, y = np.maximum(person.box_xyxy[:2], 0) + 1
    label = {"facecolor": BOX_COLOUR, "edgecolor": "none", "pad": 1.5}
    axes.text(x, y, f"{person.score:.2f}", fontsize=9, va="top", bbox=label)


def add_ellipses(axes: Axes, person: Person, num_sigma: float = 1.0) -> None:
    """Covariance ellipses over a picture of :func:`show_picture`; those cut in size are dotted."""
    ellipses = person_ellipses(person, num_sigma)
    outlines = ellipses.outlines()
    closed = np.concatenate([outlines, outlines[:, :1]], axis=1)
    for chosen, style in ((~ellipses.clipped, "solid"), (ellipses.clipped, "dotted")):
        # White on a dark seam is read on every colour of the scale.
        lines = LineCollection(closed[chosen], colors="white", linewidths=1.1, linestyles=style)
        lines.set_path_effects([withStroke(linewidth=2.4, foreground="black", alpha=0.55)])
        axes.add_collection(lines)


def add_part_legend(axes: Axes, num_columns: int = 6) -> None:
    """Fill axes with the colours and names of the 24 charts, column by column."""
    num_rows = -(-(len(PART_NAMES) - 1) // num_columns)
    axes.set(xlim=(0, num_columns), ylim=(num_rows, 0))
    axes.axis("off")
    for part, name in list(enumerate(PART_NAMES))[1:]:
        column, row = divmod(part - 1, num_rows)
        colour = PART_COLOURS[part] / 255
        axes.add_patch(Rectangle((column, row + 0.15), 0.09, 0.7, facecolor=colour))
        axes.text(column + 0.12, row + 0.5, f"{part} {name}", fontsize=8.5, va="center")


def save_picture(
    path: str | os.PathLike, image: np.ndarray, people: Sequence[Person], panel_width: int = 480
) -> None:
    """One image in panels: detections, charts, U, V and, with a noise model, σ in centimetres.

    Args:
        path: the PNG to write.
        image: (H, W, 3) uint8, blue, green, red.
        people: found in it; none at all is fine.
        panel_width: pixels; the height follows from the image.
    """
    vmax_cm = shared_vmax_cm(people)
    unit = (COORDINATE_COLOURS, 1.0)
    title = "1 person" if len(people) == 1 else f"{len(people)} people"
    panels = [
        (title, image, add_scored_box, None),
        ("body part", draw_parts(image, people), None, None),
        ("U", draw_uv(image, people, "u"), None, unit),
        ("V", draw_uv(image, people, "v"), None, unit),
    ]
    if vmax_cm is not None:
        scale = (SIGMA_COLOURS, vmax_cm, "horizontal", True)
        sigma = draw_sigma_cm(image, people, vmax_cm)
        panels.append(("standard deviation (cm), 1σ ellipses", sigma, add_ellipses, scale))
    dpi, gap, header = 100, 10, 56
    panel_height = round(panel_width * image.shape[0] / image.shape[1])
    width, height = gap + len(panels) * (panel_width + gap), header + panel_height + gap
    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi, facecolor="white")
    for index, (title, picture, mark, scale) in enumerate(panels):
        left = (gap + index * (panel_width + gap)) / width
        axes = figure.add_axes((left, gap / height, panel_width / width, panel_height / height))
        show_picture(axes, picture, (0, 0, image.shape[1], image.shape[0]))
        figure.text(left, 1 - 17 / height, title, fontsize=11)
        if scale is not None:
            bar_box = (left, 1 - 34 / height, panel_width / width * 0.95, 10 / height)
            bar_axes = figure.add_axes(bar_box)
            add_colour_bar(bar_axes, *scale)
            bar_axes.tick_params(labelsize=8, pad=1, length=2)
        if mark is not None:
            for person in people:
                mark(axes, person)
    figure.savefig(path, format="png", dpi=dpi)
