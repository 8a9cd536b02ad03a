"""The texture of the body from pictures: colours of pixels laid onto the charts.

Every pixel of a person gives its colour to the four texels around its chart coordinates,
bilinearly and with the weight 1 / sigma_uv². Texels between pixels, and those that no picture
shows, are filled by normalised convolution (Knutsson and Westin, "Normalized and differential
convolution", CVPR 1993): with w the weights and c the colours, (a * w c) / (a * w). Their
applicability a falls with the distance r as r⁻⁴: near texels count most, there are no steps, and
every texel is reached. The whole square of a chart is filled, beyond its border too, so that
bilinear reading at a seam meets no hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import fftconvolve

from ..structures.bilinear import axis_taps, corners_of
from ..surface import NUM_PARTS
from .person import Person

_FALL = 4
"""The power of the distance with which the influence of a texel falls; above 2 it is local."""


@dataclass(frozen=True)
class Texture:
    """An atlas of T x T texels a chart; texel (k, l) is centred at u = (l + 1/2) / T, v by k.

    Attributes:
        atlas: (24, T, T, 3) uint8, indexed [part - 1, v, u], channels as those of the images; 0 on
            charts that are not seen.
        weight: (24, T, T) float32, sum of 1 / sigma_uv² of the pixels in a texel, chart units⁻²
            (their number, for models without a noise model); 0 where a texel was filled.
        seen: (24,) bool, whether any pixel shows the chart.
    """

    atlas: np.ndarray
    weight: np.ndarray
    seen: np.ndarray

    @property
    def texels(self) -> int:
        """T, texels along a side of a chart."""
        return self.atlas.shape[1]

    def colours(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        """The texture at points, bilinearly.

        Args:
            part: (P,) integer charts 1..24.
            uv: (P, 2) chart units; clamped to [0, 1].

        Returns:
            (P, 3) float32, [0, 255].
        """
        texel, share = _texels_around(uv, self.texels)
        planes = self.atlas.reshape(NUM_PARTS, -1, 3)
        near = planes[np.asarray(part)[:, None] - 1, texel].astype(np.float32)
        return (near * share[..., None]).sum(axis=1)


def transfer_texture(views: Sequence[tuple[np.ndarray, Person]], texels: int = 128) -> Texture:
    """Blend pictures of one person onto the charts, each pixel by its inverse variance.

    Args:
        views: images (H, W, 3) uint8 and who is in them, at least one. Where a pixel's variance is
            0 it weighs as much as the most certain other pixel.
        texels: T, along each side of a chart.

    Raises:
        ValueError: there is no view, an image is not uint8 of the size of its person's image, or
            only some of the people are of models with a noise model.
    """
    _check(views, texels)
    colours = np.zeros((NUM_PARTS * texels * texels, 3))
    weights = np.zeros(NUM_PARTS * texels * texels)
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
    colour = colours.reshape(NUM_PARTS, texels, texels, 3)
    weight = weights.reshape(NUM_PARTS, texels, texels)
    seen = np.asarray(weight.any(axis=(1, 2)))
    atlas = np.zeros(colour.shape, dtype=np.uint8)
    for chart in np.flatnonzero(seen):
        atlas[chart] = np.clip(np.rint(fill_holes(colour[chart], weight[chart])), 0, 255)
    return Texture(atlas, weight.astype(np.float32), seen)


def _check(views: Sequence[tuple[np.ndarray, Person]], texels: int) -> None:
    if not views or texels < 1:
        raise ValueError(f"a texture needs views and texels, not {len(views)} and {texels}")
    for number, (image, person) in enumerate(views):
        expected = (*person.image_size, 3)
        if image.dtype != np.uint8 or image.shape != expected:
            raise ValueError(
                f"view {number}: the image is {image.dtype} of shape {image.shape}, but the person "
                f"is of an image uint8 of shape {expected}"
            )
    if len({person.has_uncertainty for _, person in views}) > 1:
        raise ValueError("views with and without a noise model cannot be weighed by their variance")


def _inverse_variance(person: Person) -> np.ndarray:
    """(h, w) float64 1 / sigma_uv², or 1 without a noise model."""
    if person.sigma_uv is None:
        return np.ones(person.part.shape)
    variance = person.sigma_uv.astype(np.float64) ** 2
    smallest = variance[variance > 0].min(initial=np.inf)
    return 1 / np.maximum(variance, smallest if np.isfinite(smallest) else 1.0)


def _texels_around(uv: np.ndarray, texels: int) -> tuple[np.ndarray, np.ndarray]:
    """The four texels (P, 4) around chart coordinates (P, 2), row by row, and their shares."""
    along = torch.from_numpy(np.asarray(uv, dtype=np.float64)).T
    taps_x, taps_y = (axis_taps(fraction, texels) for fraction in along)
    corners = corners_of(taps_x, taps_y, texels)
    texel, share = (torch.stack(values, dim=1) for values in zip(*corners, strict=True))
    return texel.numpy(), share.numpy()


def fill_holes(weighted_colour: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(T, T, 3) colours everywhere from w c (T, T, 3) and w (T, T), some of which is positive."""
    reach = np.arange(1 - len(weight), len(weight))
    distance = np.hypot(reach[:, None], reach)
    applicability = np.maximum(distance, 1.0) ** -_FALL
    planes = np.concatenate([weighted_colour, weight[..., None]], axis=-1)
    near = fftconvolve(planes, applicability[..., None], mode="same", axes=(0, 1))
    hole = weight == 0
    planes[hole] = near[hole]
    return planes[..., :3] / planes[..., 3:]
