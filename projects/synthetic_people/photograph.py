"""Flat photographs as backgrounds: a part of one, and a light that suits it."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from .camera import Camera
from .light import ARRIVING, LUMINANCE, Light, arriving, sample_light

_GREY = 0.3
"""Albedo of an average object."""

_LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class Photograph:
    """``pixels``: (H, W, 3) uint8 sRGB; red, green, blue."""

    pixels: np.ndarray

    def pixel_px(self, camera: Camera) -> float:
        """How large a pixel of it is in a picture, at most: parts are chosen large enough."""
        return max(camera.height / self.pixels.shape[0], camera.width / self.pixels.shape[1])

    def surround(self, rng: np.random.Generator, camera: Camera) -> tuple[np.ndarray, Light]:
        """A random part of it, and a random light of the part's mean brightness and colour.

        Args:
            rng: draws the part, whether it is mirrored, and the light.
            camera: of the scene.

        Returns:
            (H', W', 3) float32 linear RGB of the camera's size, and the light in its units, so
            exposed that as much arrives at people as in other scenes.
        """
        picture = self.part(rng, camera)
        light = sample_light(rng)
        mean = np.maximum(picture.mean(axis=(0, 1)), 1e-4)
        brightness = float(mean @ LUMINANCE)
        # Half of a picture's colour is its light's, the other half that of its things.
        tint = np.clip(np.sqrt(mean / brightness), 0.75, 1.35)
        light = light.times(tint * (ARRIVING / arriving(light)))
        return picture * np.float32(_GREY * ARRIVING / brightness), light

    def part(self, rng: np.random.Generator, camera: Camera) -> np.ndarray:
        """(H', W', 3) float32 linear RGB of a random part, as large as the camera's picture.

        Most photographs are level: the row of the camera's horizon is taken from below the middle
        of the photograph, where that is possible, so that people seldom stand in the sky.
        """
        height, width = self.pixels.shape[:2]
        horizon, at = height * np.clip(rng.normal(0.6, 0.07), 0.4, 0.8), _horizon_row(camera)
        largest = min(height / camera.height, width / camera.width)
        # So large the part may be with the horizon where it belongs; but one of much fewer pixels
        # than the picture would be blurred.
        above = horizon / max(at, 1e-6)
        below = (height - horizon) / max(camera.height - at, 1e-6)
        least = min(max(0.35 * largest, 0.8), largest)
        scale = rng.uniform(least, max(min(largest, above, below), least))
        part_width, part_height = round(camera.width * scale), round(camera.height * scale)
        left = int(rng.integers(0, max(width - part_width, 0) + 1))
        top = int(np.clip(horizon - scale * at, 0, max(height - part_height, 0)))
        part = cv2.resize(
            cv2.LUT(self.pixels[top : top + part_height, left : left + part_width], _LINEAR),
            (camera.width, camera.height),
            interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR,
        )
        return part[:, ::-1] if rng.random() < 0.5 else part


def _horizon_row(camera: Camera) -> float:
    """Where the horizon crosses the picture's middle, pixels; it may lie outside."""
    seen = camera.R @ (camera.R[2] * [1.0, 1.0, 0.0])
    return float(camera.K[1, 2] + camera.K[1, 1] * seen[1] / max(seen[2], 0.2))
