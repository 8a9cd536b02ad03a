"""Photographs behind rendered people, and light that suits them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from .backdrop import Backdrop, PhotographedGround, sample_backdrop
from .background_files import read_background
from .camera import Camera
from .light import Light, sample_light
from .panorama import LUMINANCE, Panorama

Surroundings = Callable[[np.random.Generator, Camera, float], tuple[Backdrop, Light]]
"""Draws what is around people: (rng, the camera, depth of the people in it, metres)."""

_IRRADIANCE = 0.9
"""What arrives at people, as `sample_light`'s lamps and skies bring it."""

_COARSEST_PX = 5.0
"""A panorama whose pixels are larger than this in the picture gives way to a photograph."""

_BRIGHTEST = 30.0
"""The sun itself is cut at this radiance: no sensor holds more."""

_GREY = 0.3
"""Albedo of an average object."""

_KEPT = 8
"""Pictures in memory, 20 MB each."""


def painted_surroundings(
    rng: np.random.Generator, camera: Camera, depth_m: float
) -> tuple[Backdrop, Light]:
    """Procedural ones, see `sample_backdrop` and `sample_light`."""
    backdrop = sample_backdrop(rng, width=camera.width, height=camera.height, scene_depth_m=depth_m)
    return backdrop, sample_light(rng)


class PhotographedSurroundings:
    """Pictures of a folder, each as likely as the others; a `Surroundings`.

    Args:
        folder: holds them.
        names: of its pictures, as `find_backgrounds` gives them.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._names = list(names)
        self._read = functools.lru_cache(_KEPT)(lambda name: read_background(folder / name))

    def __call__(
        self, rng: np.random.Generator, camera: Camera, depth_m: float
    ) -> tuple[Backdrop, Light]:
        """See `Surroundings`.

        Raises:
            BackgroundError: a picture has changed and cannot be read any more.
        """
        # Of a coarse panorama a long lens shows only a blur: others are drawn first.
        for name in rng.permutation(self._names):
            background = self._read(str(name))
            pixel = camera.K[0, 0] * 2 * np.pi / background.linear.shape[1]
            if not background.is_panorama or pixel <= _COARSEST_PX:
                break
        if background.is_panorama:
            picture, light = panorama_surroundings(rng, Panorama(background.linear), camera)
        else:
            picture, light = photograph_surroundings(rng, background.linear, camera)
        reach = depth_m + 40.0
        return Backdrop(np.minimum(picture, _BRIGHTEST), PhotographedGround(), reach), light


def panorama_surroundings(
    rng: np.random.Generator, panorama: Panorama, camera: Camera
) -> tuple[np.ndarray, Light]:
    """What the camera sees of a panorama turned at random, and the panorama's own light.

    Returns:
        (H, W, 3) float32 linear RGB, and the light in its units, so exposed that as much arrives
        at people as in other scenes.
    """
    yaw = rng.uniform(-np.pi, np.pi)
    light = panorama.light(yaw)
    arriving = float((0.75 * light.sky + 0.6 * light.lamp) @ LUMINANCE)
    gain = _IRRADIANCE * rng.uniform(0.75, 1.3) / max(arriving, 1e-6)
    return gain * panorama.view(camera, yaw), _scaled(light, np.full(3, gain))


def photograph_surroundings(
    rng: np.random.Generator, linear: np.ndarray, camera: Camera
) -> tuple[np.ndarray, Light]:
    """A random part of a photograph, and a random light of its mean brightness and colour.

    Most photographs are level: the row of the camera's horizon is taken from around the middle of
    the photograph, where that is possible.

    Args:
        rng: draws the part, whether it is mirrored, and the light.
        linear: (H', W', 3) float32 linear RGB.
        camera: of the scene.

    Returns:
        (H, W, 3) float32 linear RGB and the light.
    """
    picture = _crop(rng, linear, camera)
    light = sample_light(rng)
    mean = np.maximum(picture.mean(axis=(0, 1)), 1e-4)
    brightness = float(mean @ LUMINANCE)
    # Half of a picture's colour is its light's, the other half that of its things.
    tint = np.clip(np.sqrt(mean / brightness), 0.75, 1.35)
    arriving = float((0.75 * light.sky + 0.6 * light.lamp) @ LUMINANCE)
    light = _scaled(light, tint * (_IRRADIANCE / arriving))
    return picture * np.float32(_GREY * _IRRADIANCE / brightness), light


def _crop(rng: np.random.Generator, linear: np.ndarray, camera: Camera) -> np.ndarray:
    height, width = linear.shape[:2]
    largest = min(height / camera.height, width / camera.width)
    # A part of fewer pixels than the picture would be blurred.
    least = min(max(0.45, 1 / largest), 1.0)
    scale = largest * rng.uniform(least, 1.0)
    crop_width, crop_height = round(camera.width * scale), round(camera.height * scale)
    left = int(rng.integers(0, width - crop_width + 1))
    middle = height * rng.normal(0.52, 0.08)
    top = int(np.clip(middle - scale * _horizon_row(camera), 0, height - crop_height))
    part = cv2.resize(
        linear[top : top + crop_height, left : left + crop_width],
        (camera.width, camera.height),
        interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR,
    )
    return part[:, ::-1] if rng.random() < 0.5 else part


def _horizon_row(camera: Camera) -> float:
    """Where the horizon crosses the picture's middle, pixels; it may lie outside."""
    forward = camera.R[2] * [1.0, 1.0, 0.0]
    seen = camera.R @ forward
    return float(camera.K[1, 2] + camera.K[1, 1] * seen[1] / max(seen[2], 0.2))


def _scaled(light: Light, gain: np.ndarray) -> Light:
    return Light(light.direction, gain * light.lamp, gain * light.sky, light.softness_m)
