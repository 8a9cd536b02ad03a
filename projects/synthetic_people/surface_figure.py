"""A picture of a surface for a person to judge: parts, iso-lines of u and v, chart layouts."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib.colors
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from uncertain_densepose.surface.parts import FLIP_PARTS, NUM_PARTS
from uncertain_densepose.surface.surface import Surface

from .geometry import face_normals, normalised

# Direction from the body towards the viewer.
_VIEWS = {
    "front": (0, -1, 0),
    "back": (0, 1, 0),
    "right side": (-1, 0, 0),
    "below, from the right: inside of the left arm": (-0.5, -0.6, -0.6),
}
_LEVELS = np.linspace(0.05, 0.95, 19)


def draw_surface(surface: Surface, path: str | os.PathLike) -> None:
    """Write the picture, in the format that the file's ending names.

    Top row: the body coloured by part. Second row: iso-lines of u (red) and v (blue), every 0.05.
    Below: the charts of the torso and the right side, coloured by metres per chart unit.
    """
    figure = Figure(figsize=(24, 36), layout="constrained")
    bodies, layouts = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.3, 1)).flat
    for row, by_part in enumerate((True, False)):
        for column, view in enumerate(_VIEWS):
            axes = bodies.add_subplot(2, len(_VIEWS), row * len(_VIEWS) + column + 1)
            _draw_body(axes, surface, view, by_part)
    shown = [
        part
        for part in range(1, NUM_PARTS + 1)
        if FLIP_PARTS[part] == part or "right" in _name(surface, part)
    ]
    for position, part in enumerate(shown[:15]):
        axes = layouts.add_subplot(3, 5, position + 1)
        layouts.colorbar(_draw_chart(axes, surface, part), ax=axes, shrink=0.8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=70)


def _name(surface: Surface, part: int) -> str:
    return surface.part_names[part]


def _part_colours() -> np.ndarray:
    """(25, 3) colours; hues a golden section apart, so that neighbours in the table differ."""
    part = np.arange(NUM_PARTS + 1)
    hsv = np.stack([part * 0.618 % 1, 0.45 + 0.15 * (part % 3), 1 - 0.1 * (part % 2)], axis=1)
    return matplotlib.colors.hsv_to_rgb(hsv)


def _draw_body(axes: Axes, surface: Surface, view: str, by_part: bool) -> None:
    toward = np.array(_VIEWS[view], dtype=float) / np.linalg.norm(_VIEWS[view])
    right = np.cross([0.0, 0.0, 1.0], toward)
    right /= np.linalg.norm(right)
    up = np.cross(toward, right)
    vertices = surface.vertices.astype(np.float64)
    corners = vertices[surface.faces]
    normal = normalised(face_normals(vertices, surface.faces))
    facing = normal @ toward
    depth = corners.mean(axis=1) @ toward
    order = np.argsort(depth)
    order = order[facing[order] > 0]
    flat = np.stack([corners @ right, corners @ up], axis=-1)
    colour = _part_colours()[surface.face_part] if by_part else np.full((len(normal), 3), 0.95)
    shaded = colour * (0.45 + 0.55 * np.clip(facing, 0, 1))[:, None]
    axes.add_collection(
        PolyCollection(flat[order], facecolors=shaded[order], edgecolors="face", linewidths=0.2)
    )
    if not by_part:
        visible = order[_unhidden(flat[order], depth[order])]
        for axis, line_colour in ((0, "tab:red"), (1, "tab:blue")):
            segments = _iso_segments(flat[visible], surface.face_uv[visible, :, axis])
            axes.add_collection(LineCollection(list(segments), colors=line_colour, linewidths=0.7))
    axes.set(xlim=(-0.65, 0.65), ylim=(-1, 0.9), aspect="equal", title=view)
    axes.axis("off")


def _unhidden(flat: np.ndarray, depth: np.ndarray, cells: int = 400) -> np.ndarray:
    """Which triangles, listed from far to near, show at their centre: a coarse depth buffer."""
    if len(flat) == 0:
        return np.zeros(0, dtype=bool)
    centre = flat.mean(axis=1)
    low, size = centre.min(axis=0), np.ptp(centre, axis=0).max()
    cell = np.floor((centre - low) / size * cells).astype(int)
    buffer = np.full((cells + 1, cells + 1), -np.inf)
    np.maximum.at(buffer, (cell[:, 0], cell[:, 1]), depth)
    return depth > buffer[cell[:, 0], cell[:, 1]] - 0.03


def _iso_segments(flat: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Straight pieces of the lines ``value = level`` in triangles, (N, 2, 2)."""
    segments = []
    for level in _LEVELS:
        above = value > level
        rows = np.flatnonzero(above.any(axis=1) & ~above.all(axis=1))
        # The lone corner on its side of the level; the line crosses the two edges that leave it.
        lone = np.where(above[rows].sum(axis=1) == 1, above[rows].argmax(1), above[rows].argmin(1))
        ends = []
        for step in (1, 2):
            other = (lone + step) % 3
            a, b = value[rows, lone], value[rows, other]
            t = ((level - a) / (b - a))[:, None]
            ends.append((1 - t) * flat[rows, lone] + t * flat[rows, other])
        segments.append(np.stack(ends, axis=1))
    return np.concatenate(segments)


def _draw_chart(axes: Axes, surface: Surface, part: int) -> PolyCollection:
    """The triangles, coloured by metres per chart unit."""
    chosen = surface.face_part == part
    metres = np.linalg.svd(surface.chart_jacobian()[chosen], compute_uv=False).mean(axis=1)
    typical = np.median(metres)
    triangles = PolyCollection(
        surface.face_uv[chosen],
        array=metres,
        cmap="coolwarm",
        clim=(0.5 * typical, 1.5 * typical),
        edgecolors="black",
        linewidths=0.15,
    )
    axes.add_collection(triangles)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="u", ylabel="v")
    axes.set_title(f"{part} {_name(surface, part)}: {typical:.2f} m per unit")
    return triangles
