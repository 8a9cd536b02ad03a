"""Skin from the darkest to the palest, and hair on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from ..body_mesh import BodyMesh
from ..textures import SmoothField, srgb_to_linear

_TONES = np.array([
    [45, 30, 25], [70, 46, 35], [100, 64, 45], [141, 88, 58], [176, 116, 80], [205, 148, 112],
    [226, 180, 150], [238, 204, 180], [248, 222, 203],
]) / 255.0  # fmt: skip


def wide_skin_colour(rng: np.random.Generator) -> np.ndarray:
    """(3,) linear RGB between neighbouring tones, all of them equally likely."""
    position = rng.uniform(0, len(_TONES) - 1)
    channels = [np.interp(position, np.arange(len(_TONES)), c) for c in _TONES.T]
    tint = rng.uniform(0.985, 1.015, size=3) * rng.uniform(0.95, 1.03)
    return srgb_to_linear(np.array(channels) * tint)


@dataclasses.dataclass(frozen=True, eq=False)
class HairySkin:
    """A field of changes of the skin's brightness, as `clothes.Outfit.blotches` takes it.

    Attributes:
        blotches: without hair.
        curls: where hair is denser.
        darkening: by which hair lowers the field, at most; 0 for none.
        shin_z, forearm_x: hair grows below and beyond these on the body at rest, metres.
    """

    blotches: Callable[[np.ndarray], np.ndarray]
    curls: SmoothField
    darkening: float
    shin_z: float
    forearm_x: float

    @staticmethod
    def sample(
        rng: np.random.Generator, blotches: Callable[[np.ndarray], np.ndarray], mesh: BodyMesh
    ) -> HairySkin:
        """One person in three has hair on lower legs and forearms."""
        dark = rng.uniform(1.0, 4.0) if rng.random() < 0.35 else 0.0
        curls = SmoothField.sample(rng, dimensions=3, wavelength=0.006, terms=12)
        arm, at = mesh.rest_coordinates[:, 3], mesh.landmarks
        below_elbow = arm > mesh.arm_lengths[0]
        elbow_x = float(np.abs(mesh.rest_coordinates[below_elbow, 0]).min())
        return HairySkin(blotches, curls, dark, float(at["knee"][2]), elbow_x)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(N,) values at (N, 3) rest positions."""
        grown = np.maximum(
            np.clip((self.shin_z - points[:, 2]) / 0.1, 0.0, 1.0),
            np.clip((np.abs(points[:, 0]) - self.forearm_x) / 0.05, 0.0, 1.0),
        )
        density = grown * np.clip(0.5 + 0.5 * self.curls(points), 0.0, 1.0)
        return self.blotches(points) - self.darkening * density
