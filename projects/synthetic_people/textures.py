"""Procedural colour: smooth random fields, patterns of two colours, palettes.

Colours are linear RGB in [0, 1]; palettes are given in sRGB and converted.
"""

from __future__ import annotations

import colorsys
import dataclasses
from collections.abc import Callable

import numpy as np


def srgb_to_linear(colour: np.ndarray) -> np.ndarray:
    """Linear values in [0, 1] of sRGB ones in [0, 1], of any shape; approximate (gamma 2.2)."""
    return np.clip(colour, 0.0, 1.0) ** 2.2


def linear_to_srgb(colour: np.ndarray) -> np.ndarray:
    """sRGB values in [0, 1] of linear ones, clipped to [0, 1], of any shape (gamma 1 / 2.2)."""
    return np.clip(colour, 0.0, 1.0) ** (1 / 2.2)


@dataclasses.dataclass(frozen=True, eq=False)
class SmoothField:
    """A random scalar field of unit variance over points: a sum of cosines.

    Attributes:
        frequency: (K, D) float32, cycles per unit of length.
        phase: (K,) float32, radians.
    """

    frequency: np.ndarray
    phase: np.ndarray

    @staticmethod
    def sample(
        rng: np.random.Generator, *, dimensions: int, wavelength: float, terms: int = 6
    ) -> SmoothField:
        """A random field.

        Args:
            rng: draws it.
            dimensions: D, of the points.
            wavelength: in the points' unit; the waves are 0.6 to 2 times as long.
            terms: K, the number of waves.
        """
        direction = rng.normal(size=(terms, dimensions))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        lengths = wavelength * rng.uniform(0.6, 2.0, size=(terms, 1))
        return SmoothField(
            (direction / lengths).astype(np.float32),
            rng.uniform(0, 2 * np.pi, size=terms).astype(np.float32),
        )

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(N,) float32 values at (N, D) float32 points."""
        angle = points @ (np.float32(2 * np.pi) * self.frequency.T) + self.phase
        return np.cos(angle).sum(axis=1) * np.float32(np.sqrt(2 / len(self.phase)))

    def gradient(self, points: np.ndarray) -> np.ndarray:
        """(N, D) float32 gradients at (N, D) float32 points, per unit of length."""
        turns = np.float32(2 * np.pi) * self.frequency
        slope = -np.sin(points @ turns.T + self.phase)
        return slope @ turns * np.float32(np.sqrt(2 / len(self.phase)))


Colouring = Callable[[np.ndarray], np.ndarray]
"""(N, D) points -> (N, 3) linear RGB."""


@dataclasses.dataclass(frozen=True, eq=False)
class Pattern:
    """Two colours mixed by a scalar field of the points, and a slow change of brightness.

    Attributes:
        first, second: (3,) linear RGB.
        mix: (N, D) points -> (N,) share of the second colour, in [0, 1].
        shade: a field that scales brightness by a few per cent.
    """

    first: np.ndarray
    second: np.ndarray
    mix: Callable[[np.ndarray], np.ndarray]
    shade: SmoothField

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) linear RGB at (N, D) points."""
        share = self.mix(points)[:, None]
        colour = self.first + share * (self.second - self.first)
        return colour * (1 + 0.07 * self.shade(points))[:, None]


def sample_pattern(
    rng: np.random.Generator,
    *,
    first: np.ndarray,
    second: np.ndarray,
    dimensions: int = 3,
    scale: float = 0.08,
    plain_share: float = 0.5,
) -> Pattern:
    """A random pattern: plain, striped, checked, dotted, marbled or in two blocks.

    Args:
        rng: draws it.
        first, second: (3,) linear RGB.
        dimensions: D, of the points that it is asked at.
        scale: typical period, in the points' unit.
        plain_share: probability of a single colour.
    """
    if rng.random() < plain_share:
        mix = _plain
    else:
        makers = (_stripes, _checks, _dots, _marble, _blocks)
        mix = makers[int(rng.integers(len(makers)))](rng, dimensions, scale)
    shade = SmoothField.sample(rng, dimensions=dimensions, wavelength=4 * scale)
    return Pattern(first, second, mix, shade)


def _plain(points):
    return np.zeros(len(points))


def _soft_step(value: np.ndarray, width: float) -> np.ndarray:
    return np.clip(value / width + 0.5, 0.0, 1.0)


def _stripes(rng, dimensions, scale):
    axis = np.eye(dimensions)[dimensions - 1 if rng.random() < 0.6 else 0]
    if rng.random() < 0.3:
        axis = rng.normal(size=dimensions)
        axis /= np.linalg.norm(axis)
    period = scale * rng.uniform(0.5, 1.6)
    level = rng.uniform(-0.6, 0.6)
    bend = SmoothField.sample(rng, dimensions=dimensions, wavelength=6 * scale)

    def mix(points):
        phase = points @ axis / period + 0.08 * bend(points)
        return _soft_step(np.sin(2 * np.pi * phase) - level, 0.5)

    return mix


def _checks(rng, dimensions, scale):
    axes = np.eye(dimensions)[[0, dimensions - 1]]
    period = scale * rng.uniform(0.6, 1.5)
    weight = rng.uniform(0.3, 0.5)

    def mix(points):
        waves = np.sin(2 * np.pi * points @ axes.T / period)
        return _soft_step(waves, 0.4) @ np.array([weight, weight])

    return mix


def _dots(rng, dimensions, scale):
    turn = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))[0]
    period = scale * rng.uniform(0.6, 1.2)
    level = rng.uniform(0.3, 0.6) * dimensions

    def mix(points):
        return _soft_step(np.cos(2 * np.pi * points @ turn / period).sum(axis=1) - level, 0.6)

    return mix


def _marble(rng, dimensions, scale):
    field = SmoothField.sample(rng, dimensions=dimensions, wavelength=2.0 * scale, terms=8)
    width = rng.uniform(0.3, 2.0)
    return lambda points: _soft_step(field(points), width)


def _blocks(rng, dimensions, scale):
    field = SmoothField.sample(rng, dimensions=dimensions, wavelength=8 * scale, terms=3)
    return lambda points: _soft_step(field(points), 0.05)


def random_colour(rng: np.random.Generator, *, saturation: float = 0.7) -> np.ndarray:
    """(3,) linear RGB in [0, 1], often near grey.

    Args:
        rng: draws it.
        saturation: the largest, in [0, 1] (HSV).
    """
    vivid = saturation * rng.beta(1.2, 1.6)
    value = rng.uniform(0.12, 0.95)
    return srgb_to_linear(np.array(colorsys.hsv_to_rgb(rng.random(), vivid, value)))


_SKIN_TONES = np.array([
    [62, 40, 30], [92, 57, 40], [141, 85, 54], [176, 114, 76], [205, 146, 108], [226, 178, 145],
    [243, 214, 192],
]) / 255.0  # fmt: skip
_HAIR_TONES = np.array([
    [18, 15, 14], [40, 28, 22], [74, 48, 32], [120, 80, 48], [176, 136, 84], [150, 66, 32],
    [150, 148, 146],
]) / 255.0  # fmt: skip


def skin_colour(rng: np.random.Generator) -> np.ndarray:
    """(3,) linear RGB between neighbouring skin tones."""
    position = rng.uniform(0, len(_SKIN_TONES) - 1)
    channels = [np.interp(position, np.arange(len(_SKIN_TONES)), c) for c in _SKIN_TONES.T]
    return srgb_to_linear(np.array(channels) * rng.uniform(0.93, 1.05, size=3))


def hair_colour(rng: np.random.Generator) -> np.ndarray:
    """(3,) linear RGB near one of the common hair colours."""
    tone = _HAIR_TONES[int(rng.integers(len(_HAIR_TONES)))]
    return srgb_to_linear(tone * rng.uniform(0.8, 1.2))
