"""Covariance ellipses: the uncertainty of a correspondence, carried back to the image.

The prediction maps pixels to chart coordinates, locally f(x + d) = f(x) + G d with the (2, 2)
derivative G in chart units per pixel. A covariance Σ of f(x) is therefore equivalent to the
covariance G⁻¹ Σ G⁻ᵀ of the position, in pixels²: the ellipse shows where in the image the predicted
point of the body may really be. G is measured on the predicted map by central differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..inference.dense_person import DensePerson
from .lines import draw_lines

MAX_CONDITION = 8.0
"""Largest ratio of the singular values of G for which an ellipse is drawn."""

CLIPPED_BGR = (160, 160, 160)
"""Colour of ellipses that were clipped."""


@dataclass(frozen=True)
class Ellipses:
    """N ellipses in the image.

    Attributes:
        centre: (N, 2) pixels of the image, pixel centres at half integers.
        axes: (N, 2, 2) pixels; ``axes[n, k]`` is semi-axis k as a vector, the longer one first.
        clipped: (N,) bool, whether a semi-axis was shortened to the maximum length.
    """

    centre: np.ndarray
    axes: np.ndarray
    clipped: np.ndarray

    def __len__(self) -> int:
        return len(self.centre)

    def outlines(self, num_vertices: int = 48) -> np.ndarray:
        """(N, `num_vertices` + 1, 2) pixels, closed polygons (the last vertex is the first)."""
        angle = np.linspace(0, 2 * np.pi, num_vertices + 1)
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return self.centre[:, None] + circle @ self.axes


def chart_gradient(part: np.ndarray, uv: np.ndarray, step: tuple[int, int]) -> np.ndarray:
    """The derivative of a map of chart coordinates, by central differences.

    Args:
        part: (h, w) integer charts, 0 background.
        uv: (h, w, 2) chart units.
        step: distance of the neighbours along x and along y, pixels, each at least 1.

    Returns:
        (h, w, 2, 2) chart units per pixel; ``[..., i, j]`` is the derivative of coordinate i (u, v)
        along image axis j (x, y). NaN within a step of the border, on background, and where one of
        the four neighbours shows another chart.
    """
    step_x, step_y = step
    gradient = np.full((*part.shape, 2, 2), np.nan)
    if part.shape[0] <= 2 * step_y or part.shape[1] <= 2 * step_x:
        return gradient
    same = slice(step_y, -step_y), slice(step_x, -step_x)
    ahead = (same[0], slice(2 * step_x, None)), (slice(2 * step_y, None), same[1])
    behind = (same[0], slice(None, -2 * step_x)), (slice(None, -2 * step_y), same[1])
    own = part[same]
    valid = own > 0
    for axis, (high, low) in enumerate(zip(ahead, behind, strict=True)):
        gradient[(*same, slice(None), axis)] = (uv[high] - uv[low]) / (2 * step[axis])
        valid &= (part[high] == own) & (part[low] == own)
    gradient[same][~valid] = np.nan
    return gradient


def well_conditioned(gradient: np.ndarray) -> np.ndarray:
    """(...) bool, whether the condition number of (..., 2, 2) is below `MAX_CONDITION`.

    With singular values a >= b, the sum of squares over |det| is a / b + b / a. False for NaN.
    """
    g = gradient
    determinant = g[..., 0, 0] * g[..., 1, 1] - g[..., 0, 1] * g[..., 1, 0]
    return (g**2).sum(axis=(-2, -1)) < (MAX_CONDITION + 1 / MAX_CONDITION) * np.abs(determinant)


def spread_points(candidates: np.ndarray, spacing: float) -> np.ndarray:
    """Well-spread pixels: in each square of a grid, the candidate nearest to its centre.

    Args:
        candidates: (h, w) bool, pixels that may be chosen.
        spacing: side of the squares in pixels.

    Returns:
        (N, 2) int64 row and column, mostly at least half the spacing apart.
    """
    rows, columns = np.nonzero(candidates)
    cell_row, cell_column = (rows // spacing).astype(int), (columns // spacing).astype(int)
    off_centre = np.hypot(
        rows - (cell_row + 0.5) * spacing, columns - (cell_column + 0.5) * spacing
    )
    # Candidates further from the centre may be too close to those of the next square.
    near = off_centre <= max(spacing / 4, 0.75)
    order = np.flatnonzero(near)[np.argsort(off_centre[near], kind="stable")]
    cells = np.stack([cell_row[order], cell_column[order]], axis=-1)
    _, first = np.unique(cells, axis=0, return_index=True)
    return np.stack([rows[order[first]], columns[order[first]]], axis=-1)


def person_ellipses(
    person: DensePerson,
    num_sigma: float = 1.0,
    spacing: float | None = None,
    max_radius: float | None = None,
) -> Ellipses:
    """Covariance ellipses at a few well-spread points of a person.

    Points where G is NaN (`chart_gradient`) or nearly singular (`well_conditioned`) are skipped:
    the chart is seen edge-on there, or the predicted map is flat, and no ellipse in the image
    describes the uncertainty.

    Args:
        person: without a noise model there are no ellipses.
        num_sigma: size in standard deviations; 1 contains 39 % of a Gaussian, 2 contains 86 %.
        spacing: approximate distance of the points, pixels; by default 1/8 of the window's longer
            side.
        max_radius: longest semi-axis, pixels; by default 0.6 of `spacing`.

    Returns:
        The ellipses of the marginal covariances.
    """
    covariance_uv = person.covariance_uv
    if covariance_uv is None or not person.part.any():
        return Ellipses(np.empty((0, 2)), np.empty((0, 2, 2)), np.empty(0, dtype=bool))
    height, width = person.part.shape
    spacing = max(height, width) / 8 if spacing is None else spacing
    max_radius = 0.6 * spacing if max_radius is None else max_radius
    # Shorter steps would see single linear pieces of the interpolated map.
    step_x, step_y = (max(1, math.ceil(side)) for side in person.cell_px)
    gradient = chart_gradient(person.part, person.uv, (step_x, step_y))
    usable = well_conditioned(gradient) & np.isfinite(covariance_uv).all(axis=(-2, -1))
    rows, columns = spread_points(usable, spacing).T
    x0, y0 = person.window[:2]
    centre = np.stack([columns + x0 + 0.5, rows + y0 + 0.5], axis=-1)
    to_image = np.linalg.inv(gradient[rows, columns])
    covariance = to_image @ covariance_uv[rows, columns] @ np.swapaxes(to_image, -1, -2)
    return ellipses_from_covariance(centre, covariance, num_sigma, max_radius)


def ellipses_from_covariance(
    centre: np.ndarray, covariance: np.ndarray, num_sigma: float, max_radius: float
) -> Ellipses:
    """The ellipses of covariances (N, 2, 2), pixels², at centres (N, 2), pixels.

    Semi-axis k has the direction of eigenvector k and length `num_sigma` sqrt(eigenvalue k), at
    most `max_radius` pixels.
    """
    variance, direction = np.linalg.eigh(covariance)
    variance, direction = variance[:, ::-1], direction[:, :, ::-1]
    length = num_sigma * np.sqrt(np.maximum(variance, 0))
    axes = np.swapaxes(direction, -1, -2) * np.minimum(length, max_radius)[:, :, None]
    return Ellipses(centre, axes, (length > max_radius).any(axis=-1))


def draw_ellipses(
    image: np.ndarray,
    people: Sequence[DensePerson],
    num_sigma: float = 1.0,
    colour_bgr: tuple[int, int, int] = (255, 255, 255),
) -> np.ndarray:
    """Draw the covariance ellipses of people; clipped ones are grey.

    Args:
        image: (H, W, 3) uint8 BGR; not changed.
        people, num_sigma: see :func:`person_ellipses`.
        colour_bgr: of the lines.

    Returns:
        A picture of the image's size.
    """
    picture = image.copy()
    for person in sorted(people, key=lambda p: p.score):
        ellipses = person_ellipses(person, num_sigma)
        outlines = ellipses.outlines()
        draw_lines(picture, outlines[ellipses.clipped], CLIPPED_BGR)
        draw_lines(picture, outlines[~ellipses.clipped], colour_bgr)
    return picture
