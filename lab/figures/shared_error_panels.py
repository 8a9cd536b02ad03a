"""The panels of `lab.figures.shared_error`, and the points of a person that they show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from uncertain_densepose.inference import Click, Person, condition, sample_error_field
from uncertain_densepose.surface import PART_NAMES, uv_to_surface
from uncertain_densepose.visualization.palette import PART_COLOURS

from .rendered_person import RenderedPerson

CLICKED_PART = PART_NAMES.index("torso front")
SPACING_BODY = 19
SPACING_PART = 16
"""Distances between the points with an arrow, pixels."""
ASPECT = 0.62
"""Width of a panel over its height."""
FADE = 0.62
UPPER_SHARE = 0.68
"""Of the person's height, what the panels of draws show: enough for arrows to be seen."""
FOOTER = (
    "Arrows run from a pixel to where it is placed on the body; colours are body parts. "
    "Panels 2 and 3 are drawn from the model; 4 and 5, closer up, are its real error."
)
LEAST_PIXELS = 250
"""Parts of which fewer pixels are right are left without arrows."""


@dataclass(frozen=True, eq=False)
class Points:
    """Pixels of a person whose part the model names rightly.

    Attributes:
        row, column: (P,) in the person's window.
        xy: (P, 2) their centres in the image, pixels.
        part: (P,) charts 1..24. uv: (P, 2) the truth, chart units.
    """

    row: np.ndarray
    column: np.ndarray
    xy: np.ndarray
    part: np.ndarray
    uv: np.ndarray

    def of_part(self, part: int) -> Points:
        """Those of one part."""
        return self.take(np.flatnonzero(self.part == part))

    def take(self, index: np.ndarray) -> Points:
        """Those of an index."""
        return Points(
            *(getattr(self, name)[index] for name in ("row", "column", "xy", "part", "uv"))
        )

    def spaced(self, spacing: int) -> Points:
        """Those on a grid of the image, every second row moved by half a step."""
        x, y = self.xy.astype(int).T
        shift = (y // spacing) % 2 * (spacing // 2)
        return self.take(np.flatnonzero((y % spacing == 0) & ((x + shift) % spacing == 0)))


def right_points(rendered: RenderedPerson, person: Person) -> Points:
    """All pixels of a person that show the part which the model names."""
    truth = rendered.part[person.window_slices]
    row, column = np.nonzero((truth > 0) & (truth == person.part))
    x0, y0 = person.window[:2]
    points = Points(
        row,
        column,
        np.stack([column + x0, row + y0], axis=-1) + 0.5,
        truth[row, column],
        rendered.uv[person.window_slices][row, column],
    )
    large = np.bincount(points.part, minlength=len(PART_NAMES)) >= LEAST_PIXELS
    return points.take(np.flatnonzero(large[points.part]))


def independent_draw(person: Person, points: Points, seed: int) -> np.ndarray:
    """(P, 2) errors, each drawn by itself from the model's covariance of its pixel."""
    covariance = person.covariance_uv
    if covariance is None:
        raise ValueError("the model predicts no covariance to draw from")
    root = np.linalg.cholesky(covariance[points.row, points.column].astype(np.float64))
    normal = np.random.default_rng(seed).standard_normal((len(root), 2, 1))
    return (root @ normal)[..., 0]


def joint_draw(person: Person, points: Points, seed: int) -> np.ndarray:
    """(P, 2) errors of one draw of the joint model."""
    return sample_error_field(person, 1, seed)[0, points.row, points.column]


def error_cm(person: Person, points: Points) -> np.ndarray:
    """(P,) straight distances on the neutral body from prediction to truth, centimetres."""
    lookup = person.metric.lookup
    predicted = person.uv[points.row, points.column].astype(np.float64)
    a = uv_to_surface(lookup, points.part, *predicted.T).position_m
    b = uv_to_surface(lookup, points.part, *points.uv.astype(np.float64).T).position_m
    return 100 * np.linalg.norm(a - b, axis=1)


def two_clicks(points: Points) -> tuple[Points, list[Click]]:
    """The points of a part at a third and two thirds of its height, in the middle of their row."""
    chosen = []
    for share in (0.3, 0.7):
        level = np.quantile(points.xy[:, 1], share)
        on_row = np.flatnonzero(np.abs(points.xy[:, 1] - level) <= 0.5)
        chosen.append(on_row[np.argsort(points.xy[on_row, 0])[len(on_row) // 2]])
    clicked = points.take(np.array(chosen))
    clicks = [
        Click(x, y, int(part), u, v)
        for (x, y), part, (u, v) in zip(
            clicked.xy.tolist(), clicked.part, clicked.uv.tolist(), strict=True
        )
    ]
    return clicked, clicks


def show(axes: Axes, rendered: RenderedPerson, points: Points, fade: float = FADE) -> None:
    """The picture, faded towards white, cut to the points with a margin."""
    picture = rendered.image[..., ::-1].astype(np.float64)
    faded = (picture + (255 - picture) * fade).astype(np.uint8)
    axes.imshow(faded, extent=(0, picture.shape[1], picture.shape[0], 0), interpolation="bilinear")
    low, high = points.xy.min(axis=0), points.xy.max(axis=0)
    centre, side = (low + high) / 2, (high - low)[1] * 1.12
    axes.set(xticks=[], yticks=[])
    axes.set_xlim(centre[0] - side * ASPECT / 2, centre[0] + side * ASPECT / 2)
    axes.set_ylim(centre[1] + side / 2, centre[1] - side / 2)
    for spine in axes.spines.values():
        spine.set_visible(False)


def add_arrows(axes: Axes, start: np.ndarray, end: np.ndarray, part: np.ndarray) -> None:
    """Arrows from (P, 2) to (P, 2) pixels in the colours of parts (P,), a dot where they begin."""
    colours = 0.85 * PART_COLOURS[part] / 255
    axes.scatter(start[:, 0], start[:, 1], s=6, c=colours, linewidths=0)
    axes.quiver(
        *start.T, *(end - start).T, color=colours, angles="xy", scale_units="xy", scale=1,
        width=0.0105, headwidth=3.4, headlength=3.6, headaxislength=3.2, minlength=0.3,
    )  # fmt: skip


def draw_shared_error(rendered: RenderedPerson, person: Person, seed: int) -> Figure:
    """The whole figure."""
    points = right_points(rendered, person)
    upper = points.take(np.flatnonzero(points.row < UPPER_SHARE * person.part.shape[0]))
    body, torso = upper.spaced(SPACING_BODY), points.of_part(CLICKED_PART)
    clicked, clicks = two_clicks(torso)
    lookup = person.metric.lookup

    figure = Figure(figsize=(11.6, 4.75), dpi=100)
    panels = figure.subplots(1, 5)
    figure.subplots_adjust(left=0.005, right=0.995, top=0.83, bottom=0.075, wspace=0.03)
    figure.text(0.5, 0.02, FOOTER, ha="center", size=9.5)

    show(panels[0], rendered, upper, fade=0)
    title(panels[0], "A rendered person", "that the model has not\nbeen trained on")
    draws = {
        ("Independent errors", "one draw: every pixel\nerrs on its own"): independent_draw,
        ("A shared part error", "one draw, same σ: a body\npart errs as a whole"): joint_draw,
    }
    for axes, (lines, sample) in zip(panels[1:3], draws.items(), strict=True):
        drawn = person.uv[body.row, body.column] + sample(person, body, seed)
        show(axes, rendered, upper)
        add_arrows(axes, body.xy, rendered.project(lookup, body.part, drawn), body.part)
        title(axes, *lines)

    some = torso.spaced(SPACING_PART)
    states = {
        ("The real error", "front of the torso:\n"): person,
        ("After two clicks", "the truth given at each ×:\n"): condition(person, clicks),
    }
    for axes, ((name, what), state) in zip(panels[3:], states.items(), strict=True):
        show(axes, rendered, torso)
        predicted = rendered.project(lookup, some.part, state.uv[some.row, some.column])
        add_arrows(axes, some.xy, predicted, some.part)
        error = error_cm(state, torso).mean()
        title(axes, name, f"{what}{error:.1f} cm on average")
    panels[4].scatter(*clicked.xy.T, marker="X", s=150, c="#ffd23f", edgecolors="black", zorder=4)
    return figure


def title(axes: Axes, name: str, lines: str) -> None:
    """A bold name and two lines above a panel."""
    axes.text(0.5, 1.125, name, transform=axes.transAxes, ha="center", weight="bold", size=11.5)
    axes.text(0.5, 1.02, lines, transform=axes.transAxes, ha="center", size=9.5, linespacing=1.2)
