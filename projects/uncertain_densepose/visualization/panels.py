"""Elements of the report's panels, drawn with matplotlib."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from ..inference.dense_person import DensePerson
from ..surface import PART_NAMES
from .ellipses import person_ellipses
from .palette import PART_COLOURS

BEYOND_THE_IMAGE = "0.88"
BOX_COLOUR = "#ffd23f"


def show_picture(
    axes: Axes, picture_bgr: np.ndarray, limits: tuple[float, float, float, float]
) -> None:
    """Show a part of a picture; axis units are its pixels, pixel centres at half integers.

    Args:
        axes: to fill.
        picture_bgr: (H, W, 3) uint8.
        limits: x0, y0, x1, y1 in pixels; light grey outside the picture.
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


def add_box(axes: Axes, person: DensePerson) -> None:
    """Draw the person's box over :func:`show_picture`."""
    (x0, y0), (width, height) = person.box_xyxy[:2], person.box_xyxy[2:] - person.box_xyxy[:2]
    axes.add_patch(Rectangle((x0, y0), width, height, fill=False, ec=BOX_COLOUR, lw=1.6))


def add_ellipses(axes: Axes, person: DensePerson, num_sigma: float = 1.0) -> None:
    """Draw covariance ellipses over :func:`show_picture`; clipped ones are dotted."""
    ellipses = person_ellipses(person, num_sigma)
    outlines = ellipses.outlines()
    for chosen, style in ((~ellipses.clipped, "solid"), (ellipses.clipped, "dotted")):
        # White with a dark edge is legible on every colour of the scale.
        lines = LineCollection(outlines[chosen], colors="white", linewidths=1.1, linestyles=style)
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
