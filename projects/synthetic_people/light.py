"""Light on a scene: a distant lamp and a sky, and random ones."""

from __future__ import annotations

import dataclasses

import numpy as np

from .geometry import normalised


@dataclasses.dataclass(frozen=True, eq=False)
class Light:
    """A distant lamp and a sky.

    Attributes:
        direction: (3,) unit vector towards the lamp.
        lamp: (3,) linear RGB.
        sky: (3,) linear RGB from above; half as much comes from below.
        softness_m: width of the penumbra on the ground.
    """

    direction: np.ndarray
    lamp: np.ndarray
    sky: np.ndarray
    softness_m: float

    def times(self, gain: float | np.ndarray) -> Light:
        """The same light, brighter by a factor, or by one for each of red, green and blue."""
        return dataclasses.replace(self, lamp=gain * self.lamp, sky=gain * self.sky)


LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear red, green and blue (ITU-R BT.709)."""

ARRIVING = 0.9
"""What `arriving` is of the lights that `sample_light` draws, about."""


def arriving(light: Light) -> float:
    """Luminance of a white surface of average direction in this light."""
    return float((0.75 * light.sky + 0.6 * light.lamp) @ LUMINANCE)


def sample_light(rng: np.random.Generator) -> Light:
    """Noon, evening, lamp-lit or overcast, mostly from the camera's side."""
    direction = normalised(
        np.array([rng.normal(0.0, 0.8), rng.normal(-0.6, 0.7), rng.uniform(0.35, 1.6)])
    )
    strength = rng.uniform(0.4, 1.2)
    warmth = rng.normal(0.0, 0.08)
    tint = np.array([1 + warmth, 1.0, 1 - warmth])
    return Light(
        direction=direction,
        lamp=strength * tint,
        sky=rng.uniform(0.3, 0.65) * (2 - tint),
        softness_m=float(rng.uniform(0.02, 0.2)),
    )
