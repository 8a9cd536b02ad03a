"""From the body to the image: where a vertex is seen, and how certain that is.

A pixel i predicts that it shows the point y of the chart with density N(y; ŷ_i, Σ_i). With w the
chart coordinates of the vertex and D_i the 2 x 2 derivative of ŷ with respect to the image position
x, a change of variables gives the density of the vertex's position in the image,

    p_i = N(w; ŷ_i, Σ_i + D_i D_iᵀ / 4) |det D_i|     per pixel.

The score is its sum over the pixels. As ∫ N(w; ŷ(x), Σ) |det D| dx = ∫ N(w; y, Σ) dy over the
visible part of the chart, the score is the probability that the vertex is visible: 1 well inside a
visible area, 1/2 on its border, 0 far from it. The term D_i D_iᵀ / 4, half a pixel of blur, makes
the sum approximate the integral (to 2 %) however small Σ_i is.

A vertex on a border between charts or on a seam has a place on each side; these are different areas
of the image, and their probabilities add up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from ..surface import Surface
from .dense_person import DensePerson

_HALF_PIXEL_VARIANCE = 0.25


@dataclass(frozen=True)
class SeenVertex:
    """Where a vertex of the body is seen.

    Attributes:
        pixel: column and row of the image pixel with the highest density p_i.
        xy: (2,) mean of the density, pixels of the image.
        score: probability that the vertex is visible, 0..1.
        covariance_px2: (2, 2) covariance of the density, pixels².
    """

    pixel: tuple[int, int]
    xy: np.ndarray
    score: float
    covariance_px2: np.ndarray

    @property
    def spread_px(self) -> float:
        """Standard deviation per image direction, sqrt(trace(covariance) / 2), pixels."""
        return math.sqrt(np.trace(self.covariance_px2) / 2)


def vertex_places(surface: Surface, vertex: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of a vertex in the charts: one per chart that it touches, more on seams.

    Args:
        vertex: 0..V-1.

    Returns:
        part (M,) int64 and uv (M, 2) float64 chart units, M >= 1.

    Raises:
        ValueError: the surface has no such vertex, or none of its faces uses it.
    """
    if not 0 <= vertex < len(surface.vertices):
        raise ValueError(
            f"vertex {vertex}: {surface.name} has vertices 0..{len(surface.vertices) - 1}"
        )
    face, corner = np.nonzero(surface.faces == vertex)
    if len(face) == 0:
        raise ValueError(f"vertex {vertex}: no face of {surface.name} uses it")
    place = np.column_stack([surface.face_part[face], surface.face_uv[face, corner]])
    _, first = np.unique(place.round(5), axis=0, return_index=True)
    return place[first, 0].astype(np.int64), place[first, 1:].astype(np.float64)


def surface_to_image(person: DensePerson, vertex: int) -> SeenVertex | None:
    """Where in the image a vertex of the body is seen; see the formulas of this module.

    Without a noise model Σ is 0, and the result is where the predicted coordinates match the
    vertex to half a pixel.

    Args:
        vertex: of the surface that the model predicts, 0..V-1.

    Returns:
        None if no pixel shows a part of the vertex, or the density is 0 at all of them.

    Raises:
        ValueError: there is no such vertex, or no face uses it.
    """
    parts, places = vertex_places(person.metric.surface, vertex)
    derivative = _uv_derivative(person)
    shown_area = np.abs(np.linalg.det(derivative))
    positions, log_densities = [], []
    for part, place in zip(parts.tolist(), places, strict=True):
        row, column = np.nonzero((person.part == part) & (shown_area > 0))
        positions.append(np.stack([column, row], axis=-1) + np.array(person.window[:2]) + 0.5)
        log_densities.append(
            _log_density(
                place - person.uv[row, column],
                derivative[row, column],
                0.0 if person.covariance_uv is None else person.covariance_uv[row, column],
            )
        )
    xy, log_density = np.concatenate(positions), np.concatenate(log_densities)
    log_score = logsumexp(log_density) if len(xy) else -np.inf
    if np.exp(log_score) == 0:
        return None
    share = np.exp(log_density - log_score)
    mean = share @ xy
    return SeenVertex(
        pixel=tuple(np.floor(xy[log_density.argmax()]).astype(int).tolist()),
        xy=mean,
        score=float(min(np.exp(log_score), 1)),
        covariance_px2=(share[:, None] * (xy - mean)).T @ (xy - mean),
    )


def _log_density(
    residual: np.ndarray, derivative: np.ndarray, covariance_uv: np.ndarray | float
) -> np.ndarray:
    """log p_i, (P,), of residuals (P, 2), D (P, 2, 2) and Σ (P, 2, 2) or 0."""
    blur = _HALF_PIXEL_VARIANCE * derivative @ derivative.swapaxes(-1, -2)
    total = covariance_uv + blur
    squared = (residual * np.linalg.solve(total, residual[..., None])[..., 0]).sum(axis=-1)
    _, log_determinant = np.linalg.slogdet(total)
    log_normal = -0.5 * (squared + log_determinant) - math.log(2 * math.pi)
    return log_normal + np.log(np.abs(np.linalg.det(derivative)))


def _uv_derivative(person: DensePerson) -> np.ndarray:
    """(h, w, 2, 2) float64 D = [∂u/∂x ∂u/∂y; ∂v/∂x ∂v/∂y], chart units per pixel.

    Mean difference to the neighbours that show the same part; 0 if there are none.
    """
    uv = person.uv.astype(np.float64)
    derivative = np.zeros((*person.part.shape, 2, 2))
    for direction, axis in enumerate((1, 0)):
        part, values = np.moveaxis(person.part, axis, 0), np.moveaxis(uv, axis, 0)
        same = (part[1:] == part[:-1]) & (part[1:] > 0)
        step = np.where(same[..., None], values[1:] - values[:-1], 0)
        total, count = np.zeros_like(values), np.zeros(part.shape)
        for side in (slice(1, None), slice(None, -1)):
            total[side] += step
            count[side] += same
        mean = total / np.maximum(count, 1)[..., None]
        derivative[..., direction] = np.moveaxis(mean, 0, axis)
    return derivative
