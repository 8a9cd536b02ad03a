"""The texture of the body from images: pixel colours transferred to the charts.

Every pixel of a person adds its colour to the four texels around its chart coordinates, with
bilinear weights times 1 / sigma_uv². Texels between pixels, and `_SEAM` texels beyond the last, are
filled by normalised convolution (Knutsson and Westin, "Normalized and differential convolution",
CVPR 1993): (a * w c) / (a * w), with weights w, colours c and an applicability a that falls with
distance r as r⁻⁴. So a small person's texture has no gaps and bilinear sampling at a seam meets no
holes, but what nobody saw stays empty, also outside the chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from scipy.signal import fftconvolve

from ..structures.bilinear import axis_taps, corners_of
from ..surface import NUM_PARTS
from .dense_person import DensePerson

_SEAM = 4
"""Texels beyond those that pixels reach, also where these lie densely."""

_FALL = 4
"""Exponent of the decay of a texel's influence with distance; above 2 it is local."""


@dataclass(frozen=True)
class Texture:
    """An atlas of T x T texels per chart; texel (k, l) is at v = (k + 1/2) / T, u = (l + 1/2) / T.

    Attributes:
        atlas: (24, T, T, 3) uint8, indexed [part - 1, v, u], channels as in the images; 0 where
            nothing near was seen.
        weight: (24, T, T) float32, sum of 1 / sigma_uv² over the pixels in a texel, chart units⁻²
            (their number, without a noise model); 0 where a texel was filled or is empty.
        seen: (24,) bool, whether any pixel shows the chart.
    """

    atlas: np.ndarray
    weight: np.ndarray
    seen: np.ndarray

    @property
    def texels(self) -> int:
        """T, texels along each side of a chart."""
        return self.atlas.shape[1]

    def colours(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        """Sample the texture bilinearly.

        Args:
            part: (P,) integer charts 1..24.
            uv: (P, 2) chart units; clamped to [0, 1].

        Returns:
            (P, 3) float32 in [0, 255], channels as in the images.
        """
        texel, share = _texels_around(uv, self.texels)
        planes = self.atlas.reshape(NUM_PARTS, -1, 3)
        near = planes[np.asarray(part)[:, None] - 1, texel].astype(np.float32)
        return (near * share[..., None]).sum(axis=1)


def transfer_texture(views: Sequence[tuple[np.ndarray, DensePerson]], texels: int = 128) -> Texture:
    """Blend images of one person onto the charts, weighting each pixel by its inverse variance.

    Args:
        views: at least one image (H, W, 3) uint8, each with the person in it. A pixel of variance 0
            weighs as much as the most certain other pixel.
        texels: T, along each side of a chart.

    Raises:
        ValueError: there are no views or texels, an image is not uint8 of its person's image size,
            or only some of the people have uncertainty.
    """
    _check(views, texels)
    colours = np.zeros((NUM_PARTS * texels * texels, 3))
    weights = np.zeros(NUM_PARTS * texels * texels)
    reach = np.full(NUM_PARTS, float(_SEAM))
    for image, person in views:
        shown = person.part > 0
        part, uv = person.part[shown], person.uv[shown]
        pixel_weight = _inverse_variance(person)[shown]
        texel, share = _texels_around(uv, texels)
        cell = (part[:, None] - 1) * texels**2 + texel
        share = share * pixel_weight[:, None]
        weights += np.bincount(cell.ravel(), share.ravel(), minlength=len(weights))
        for channel, values in enumerate(image[person.window_slices][shown].T):
            amount = share * values[:, None]
            colours[:, channel] += np.bincount(cell.ravel(), amount.ravel(), minlength=len(weights))
        reach = np.maximum(reach, _pixel_spacing(person.part, person.uv, texels))
    colour = colours.reshape(NUM_PARTS, texels, texels, 3)
    weight = weights.reshape(NUM_PARTS, texels, texels)
    seen = np.asarray(weight.any(axis=(1, 2)))
    atlas = np.zeros(colour.shape, dtype=np.uint8)
    for chart in np.flatnonzero(seen):
        filled = np.clip(np.rint(fill_holes(colour[chart], weight[chart])), 0, 255)
        near = distance_transform_edt(weight[chart] == 0) <= reach[chart]
        atlas[chart][near] = filled[near]
    return Texture(atlas, weight.astype(np.float32), seen)


def _pixel_spacing(part: np.ndarray, uv: np.ndarray, texels: int) -> np.ndarray:
    """(24,) texels between neighbouring pixels of a chart (the 95th percentile), 0 without any.

    Args:
        part: (h, w) charts, 0 for background. uv: (h, w, 2) chart units.
        texels: T.
    """
    pairs: list[tuple[Any, Any]] = [(np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])]
    charts, steps = [], []
    for one, other in pairs:
        same = (part[one] == part[other]) & (part[one] > 0)
        charts.append(part[one][same])
        steps.append(np.abs(uv[one][same] - uv[other][same]).max(axis=-1))
    chart, step = np.concatenate(charts), np.concatenate(steps)
    spacing = np.zeros(NUM_PARTS)
    for index in np.unique(chart):
        spacing[index - 1] = texels * np.percentile(step[chart == index], 95)
    return spacing


def _check(views: Sequence[tuple[np.ndarray, DensePerson]], texels: int) -> None:
    if not views or texels < 1:
        raise ValueError(f"a texture needs views and texels, not {len(views)} and {texels}")
    for number, (image, person) in enumerate(views):
        expected = (*person.image_size, 3)
        if image.dtype != np.uint8 or image.shape != expected:
            raise ValueError(
                f"view {number}: the image is {image.dtype} of shape {image.shape}, but the "
                f"person's image is uint8 of shape {expected}"
            )
    if len({person.has_uncertainty for _, person in views}) > 1:
        raise ValueError("only some of the views have a noise model: they cannot be blended")


def _inverse_variance(person: DensePerson) -> np.ndarray:
    """(h, w) float64 1 / sigma_uv², or 1 without a noise model."""
    if person.sigma_uv is None:
        return np.ones(person.part.shape)
    variance = person.sigma_uv.astype(np.float64) ** 2
    smallest = variance[variance > 0].min(initial=np.inf)
    return 1 / np.maximum(variance, smallest if np.isfinite(smallest) else 1.0)


def _texels_around(uv: np.ndarray, texels: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (P, 4) of the four texels around coordinates (P, 2), and their bilinear weights."""
    along = torch.from_numpy(np.asarray(uv, dtype=np.float64)).T
    taps_x, taps_y = (axis_taps(fraction, texels) for fraction in along)
    corners = corners_of(taps_x, taps_y, texels)
    texel, share = (torch.stack(values, dim=1) for values in zip(*corners, strict=True))
    return texel.numpy(), share.numpy()


def fill_holes(weighted_colour: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Colours (T, T, 3) of all texels, given w c (T, T, 3) and w (T, T), not all of it 0."""
    reach = np.arange(1 - len(weight), len(weight))
    distance = np.hypot(reach[:, None], reach)
    applicability = np.maximum(distance, 1.0) ** -_FALL
    planes = np.concatenate([weighted_colour, weight[..., None]], axis=-1)
    near = fftconvolve(planes, applicability[..., None], mode="same", axes=(0, 1))
    hole = weight == 0
    planes[hole] = near[hole]
    return planes[..., :3] / planes[..., 3:]
