"""Photographs behind rendered people, and light that suits them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .backdrop import Backdrop, PhotographedGround, sample_backdrop
from .background_files import read_background
from .camera import Camera
from .light import Light, sample_light
from .panorama import Panorama
from .photograph import Photograph

Surroundings = Callable[[np.random.Generator, Camera, float], tuple[Backdrop, Light]]
"""Draws what is around people: (rng, the camera, depth of the people in it, metres)."""

_COARSEST_PX = 8.0
"""A panorama whose pixels are larger than this in the picture gives way to another background."""

_SHADOWS_REACH_M = 40.0
"""Behind the people. Shadows farther off would be seen at a grazing angle."""

_KEPT = 48
"""Pictures in memory, of up to 5 MB, panoramas 15."""


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
        self._names = list(names)
        self._read = functools.lru_cache(_KEPT)(lambda name: read_background(folder / name))

    def __call__(
        self, rng: np.random.Generator, camera: Camera, depth_m: float
    ) -> tuple[Backdrop, Light]:
        """See `Surroundings`.

        Raises:
            BackgroundError: a picture has changed and cannot be read any more.
        """
        background = self._draw(rng, camera)
        picture, light = background.surround(rng, camera)
        reach = depth_m + _SHADOWS_REACH_M
        return Backdrop(picture, PhotographedGround(), reach), light

    def _draw(self, rng: np.random.Generator, camera: Camera) -> Panorama | Photograph:
        """Of a coarse panorama a long lens shows only a blur: others come first."""
        for name in rng.permutation(self._names):
            background = self._read(str(name))
            if background.pixel_px(camera) <= _COARSEST_PX:
                break
        return background
