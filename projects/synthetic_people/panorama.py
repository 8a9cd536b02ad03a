"""Photographs of all directions: what a camera sees of one, and the light that it casts.

A panorama is equirectangular: its columns are azimuths, clockwise seen from above, its rows angles
from the zenith. The world is that of `camera`: z up; azimuth 0 is +y, the middle column.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from .camera import Camera
from .geometry import normalised
from .light import ARRIVING, LUMINANCE, Light, arriving

_LAMP_RADIUS_RAD = np.radians(20)
_SMOOTHING_RAD = np.radians(4)
_WHITE = 6.0
_SHADOW_REACH_M = 1.2
"""How far above the ground what casts a shadow is, on average."""


@dataclasses.dataclass(frozen=True, eq=False)
class Panorama:
    """``radiance``: (H, W, 3) float32 linear RGB of all directions."""

    radiance: np.ndarray

    def at(self, directions: np.ndarray, yaw_rad: float = 0.0) -> np.ndarray:
        """(N, 3) float32 radiance from directions, interpolated between the pixels' centres.

        Args:
            directions: (N, 3) in the world, of any length but zero.
            yaw_rad: turns the panorama about the vertical, clockwise seen from above.
        """
        height, width = self.radiance.shape[:2]
        x, y, z = directions.T
        azimuth = np.arctan2(x, y) - yaw_rad
        from_zenith = np.arctan2(np.hypot(x, y), z)
        column = (azimuth / (2 * np.pi) + 0.5) * width - 0.5
        row = np.clip(from_zenith / np.pi * height - 0.5, 0, height - 1)
        left, top = np.floor(column), np.floor(row)
        right_share = (column - left).astype(np.float32)[:, None]
        bottom_share = (row - top).astype(np.float32)[:, None]
        left, top = left.astype(int) % width, top.astype(int)
        right, bottom = (left + 1) % width, np.minimum(top + 1, height - 1)
        pixels = self.radiance
        above = pixels[top, left] + right_share * (pixels[top, right] - pixels[top, left])
        below = pixels[bottom, left] + right_share * (pixels[bottom, right] - pixels[bottom, left])
        return above + bottom_share * (below - above)

    def pixel_px(self, camera: Camera) -> float:
        """How large a pixel of its horizon is in the middle of a picture, pixels."""
        return camera.K[0, 0] * 2 * np.pi / self.radiance.shape[1]

    def surround(self, rng: np.random.Generator, camera: Camera) -> tuple[np.ndarray, Light]:
        """What a camera sees of the panorama turned at random, and the panorama's own light.

        Returns:
            (H, W, 3) float32 linear RGB, and the light in its units, so exposed that as much
            arrives at people as in other scenes.
        """
        yaw = rng.uniform(-np.pi, np.pi)
        light = self.light(yaw)
        gain = ARRIVING * rng.uniform(0.75, 1.3) / max(arriving(light), 1e-6)
        # Brighter is white in any picture; unlimited, lamps would keep the edges of their pixels.
        picture = np.minimum(np.float32(gain) * self.view(camera, yaw), _WHITE)
        spread = 0.35 * self.pixel_px(camera)
        if spread > 0.5:
            picture = cv2.GaussianBlur(picture, (0, 0), spread)
        return picture, light.times(gain)

    def view(self, camera: Camera, yaw_rad: float = 0.0) -> np.ndarray:
        """(H, W, 3) float32 linear RGB of what a camera sees, its pitch and roll included.

        Where the panorama is finer than the picture it is averaged first.
        """
        shrink = self.pixel_px(camera)
        source = self if shrink > 0.7 else self._resized(max(shrink, 0.05))
        seen = source.at(camera.rays(camera.pixel_centres()), yaw_rad)
        return seen.reshape(camera.height, camera.width, 3)

    def light(self, yaw_rad: float = 0.0) -> Light:
        """The light that it casts on a scene, in units of its radiance.

        The lamp is what its brightest region above the horizon has more than the sky around it,
        divided by pi: the radiance of a white surface that faces it. The sky is the mean of the
        rest of the upper hemisphere.

        Args:
            yaw_rad: see `at`.
        """
        directions, solid_angle = _upper_directions(*self.radiance.shape[:2])
        upper = self.radiance[: len(directions)].astype(np.float64)
        brightness = upper @ LUMINANCE
        peak = directions.reshape(-1, 3)[_smooth(brightness * solid_angle).argmax()]
        near = directions @ peak > np.cos(_LAMP_RADIUS_RAD)
        sky = np.average(upper[~near], axis=0, weights=solid_angle[~near])
        excess = np.maximum(upper[near] - sky, 0.0) * solid_angle[near, None]
        shares = excess @ LUMINANCE
        if shares.sum() <= 0:
            shares = np.ones(len(shares))
        towards = normalised(shares @ directions[near])
        apart = np.arccos(np.clip(directions[near] @ towards, -1, 1))
        width = np.sqrt(np.average(apart**2, weights=shares))
        cosine, sine = np.cos(yaw_rad), np.sin(yaw_rad)
        # Clockwise from above.
        turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        return Light(
            direction=turn @ towards,
            lamp=excess.sum(axis=0) / np.pi,
            sky=sky,
            softness_m=float(np.clip(_SHADOW_REACH_M * np.tan(width), 0.02, 0.5)),
        )

    def _resized(self, factor: float) -> Panorama:
        height, width = self.radiance.shape[:2]
        size = max(round(width * factor), 8), max(round(height * factor), 4)
        return Panorama(cv2.resize(self.radiance, size, interpolation=cv2.INTER_AREA))


def _upper_directions(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(H // 2, W, 3) unit directions of the pixels above the horizon, and their solid angles."""
    azimuth = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    from_zenith = (np.arange(height // 2) + 0.5) / height * np.pi
    azimuth, from_zenith = np.meshgrid(azimuth, from_zenith)
    sine = np.sin(from_zenith)
    directions = np.stack(
        [sine * np.sin(azimuth), sine * np.cos(azimuth), np.cos(from_zenith)], axis=2
    )
    return directions, sine * (2 * np.pi / width) * (np.pi / height)


def _smooth(values: np.ndarray) -> np.ndarray:
    """The values averaged over a few degrees; left and right edge are neighbours."""
    height, width = values.shape
    margin = max(width // 16, 1)
    wrapped = np.concatenate([values[:, -margin:], values, values[:, :margin]], axis=1)
    spread = max(_SMOOTHING_RAD * width / (2 * np.pi), 0.3)
    return cv2.GaussianBlur(wrapped, (0, 0), spread)[:, margin : margin + width]
