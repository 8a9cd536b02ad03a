"""What people wear: colours as smooth functions of the position on the body at rest.

Hems, sleeves, collars and hairlines are level sets of smooth fields with a random wobble, chosen
without regard to the charts, so that colour does not give the borders of the parts away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from .body_mesh import EYE, MOUTH, BodyMesh
from .textures import (
    Pattern,
    SmoothField,
    hair_colour,
    random_colour,
    sample_pattern,
    skin_colour,
    srgb_to_linear,
)

Region = Callable[[np.ndarray], np.ndarray]
"""(N, 4) rest coordinates -> (N,) boolean."""

_WOBBLE_M = 0.012


@dataclasses.dataclass(frozen=True, eq=False)
class Outfit:
    """The look of one person.

    Attributes:
        skin: (3,) linear RGB.
        blotches: a field of small changes of the skin's brightness.
        layers: (region, colour) from the skin outwards; the last region that holds a point wins.
        wrinkles: field whose gradient tilts the normals of cloth.
        wrinkle_depth: metres.
        lips: (3,) linear RGB.
        iris: (3,) linear RGB.
        eyes: (2, 3) where the eyes are on the body at rest, metres.
    """

    skin: np.ndarray
    blotches: Callable[[np.ndarray], np.ndarray]
    layers: tuple[tuple[Region, Callable[[np.ndarray], np.ndarray]], ...]
    wrinkles: SmoothField
    wrinkle_depth: float
    lips: np.ndarray
    iris: np.ndarray
    eyes: np.ndarray

    def paint(self, rest: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Colour of points of the body.

        Args:
            rest: (N, 4) rest coordinates, see `BodyMesh`.
            kind: (N,) face kinds.

        Returns:
            (N, 3) linear RGB, and (N, 3) tilt to add to the unit normals.
        """
        position = rest[:, :3]
        colour = self.skin * (1 + 0.05 * self.blotches(position))[:, None]
        cloth = np.zeros(len(rest), dtype=bool)
        for region, material in self.layers:
            inside = region(rest)
            colour[inside] = material(position[inside])
            cloth |= inside
        colour[kind == MOUTH] = self.lips * 0.5
        eye = kind == EYE
        apart = np.linalg.norm(position[eye, None] - self.eyes, axis=2).min(axis=1)
        colour[eye] = np.where(apart[:, None] < 0.008, self.iris, 0.75)
        tilt = np.zeros((len(rest), 3))
        tilt[cloth] = self.wrinkle_depth * self.wrinkles.gradient(position[cloth])
        return np.clip(colour, 0.0, 1.0), tilt


def sample_outfit(rng: np.random.Generator, mesh: BodyMesh) -> Outfit:
    """Dress a person of a mesh at random: top, trousers or shorts, shoes, hair, sometimes a jacket,
    gloves, a hat or a beard."""
    wardrobe = Wardrobe(rng, mesh)
    skin = skin_colour(rng)
    layers = [wardrobe.bottom(), wardrobe.top()]
    if rng.random() < 0.15:
        layers.reverse()  # the top tucked in
    if rng.random() < 0.25:
        layers.append(wardrobe.jacket())
    if rng.random() < 0.9:
        layers.append(wardrobe.shoes())
    if rng.random() < 0.06:
        layers.append(wardrobe.gloves())
    hair = hair_colour(rng)
    if rng.random() < 0.15:
        layers.append(wardrobe.beard(hair))
    if rng.random() < 0.95:
        layers.append(wardrobe.hair(hair))
    if rng.random() < 0.12:
        layers.append(wardrobe.hat())
    eye = mesh.landmarks["eye"]
    return Outfit(
        skin=skin,
        blotches=SmoothField.sample(rng, dimensions=3, wavelength=0.2),
        layers=tuple(layers),
        wrinkles=SmoothField.sample(rng, dimensions=3, wavelength=0.11, terms=8),
        wrinkle_depth=float(rng.uniform(0.001, 0.006)),
        lips=skin * np.array([0.8, 0.5, 0.5]),
        iris=srgb_to_linear(np.array([0.2, 0.15, 0.12]) * rng.uniform(0.5, 2.0)),
        eyes=np.stack([eye, eye * np.array([-1.0, 1.0, 1.0])]),
    )


class Wardrobe:
    """Makers of (region, material) layers; each call draws a new garment."""

    def __init__(self, rng: np.random.Generator, mesh: BodyMesh) -> None:
        self._rng = rng
        self._at = mesh.landmarks
        self._elbow, self._wrist = mesh.arm_lengths

    def _fabric(self, plain_share: float = 0.5) -> Pattern:
        first = random_colour(self._rng, saturation=0.9)
        second = random_colour(self._rng, saturation=0.9)
        return sample_pattern(self._rng, first=first, second=second, plain_share=plain_share)

    def _wobble(self, amplitude_m: float = _WOBBLE_M) -> Callable[[np.ndarray], np.ndarray]:
        field = SmoothField.sample(self._rng, dimensions=3, wavelength=0.25)
        return lambda position: amplitude_m * field(position)

    def top(self):
        length = self._rng.choice(["none", "short", "elbow", "long"], p=[0.13, 0.42, 0.12, 0.33])
        sleeve = {
            "none": 0.0,
            "short": self._rng.uniform(0.35, 0.75) * self._elbow,
            "elbow": self._rng.uniform(0.85, 1.2) * self._elbow,
            "long": self._rng.uniform(0.93, 1.04) * self._wrist,
        }[str(length)]
        hem = self._at["hip"][2] + self._rng.uniform(-0.12, 0.12)
        return self._covering_trunk(hem, sleeve), self._fabric()

    def jacket(self):
        hem = self._at["hip"][2] + self._rng.uniform(-0.2, 0.05)
        body = self._covering_trunk(hem, self._rng.uniform(0.95, 1.03) * self._wrist)
        opening, wobble = self._rng.uniform(0.02, 0.09), self._wobble()

        def region(rest):
            front = (rest[:, 1] < self._at["neck"][1] - 0.02) & (rest[:, 3] < 0)
            open_here = front & (np.abs(rest[:, 0]) < opening + wobble(rest[:, :3]))
            return body(rest) & ~open_here

        return region, self._fabric(plain_share=0.75)

    def _covering_trunk(self, hem_z: float, sleeve: float) -> Region:
        neck = self._at["neck"]
        collar = neck[2] + self._rng.uniform(-0.03, 0.03)
        scoop = self._rng.uniform(0.0, 0.12)
        breadth = self._rng.uniform(0.05, 0.1)
        shoulder = self._rng.uniform(0.13, 0.17)
        wobble = self._wobble()

        def region(rest):
            offset = wobble(rest[:, :3])
            x, y, z, arm = rest.T
            # A neckline that dips at the front, deeper towards the middle.
            dip = scoop * np.exp(-((x / breadth) ** 2)) * (y < neck[1])
            below_collar = z + offset < collar - dip
            if sleeve > 0:
                covered = arm + offset < sleeve
            else:
                covered = (np.abs(x) + offset < shoulder) | (arm < 0)
            return below_collar & (z + offset > hem_z) & covered

        return region

    def bottom(self):
        hip, knee, ankle = (self._at[name][2] for name in ("hip", "knee", "ankle"))
        kind = self._rng.choice(["short", "knee", "long"], p=[0.22, 0.13, 0.65])
        hem = {
            "short": self._rng.uniform(0.45, 0.75) * (knee - hip) + hip,
            "knee": knee + self._rng.uniform(-0.1, 0.08),
            "long": ankle + self._rng.uniform(-0.02, 0.14),
        }[str(kind)]
        waist = hip + self._rng.uniform(0.09, 0.2)
        wobble = self._wobble()

        def region(rest):
            height = rest[:, 2] + wobble(rest[:, :3])
            return (height < waist) & (height > hem) & (rest[:, 3] < 0)

        return region, self._fabric(plain_share=0.75)

    def shoes(self):
        top = self._at["ankle"][2] + self._rng.uniform(-0.04, 0.1)
        wobble = self._wobble(0.006)
        return (
            lambda rest: rest[:, 2] + wobble(rest[:, :3]) < top,
            self._fabric(plain_share=0.8),
        )

    def gloves(self):
        start = self._wrist - self._rng.uniform(-0.01, 0.06)
        return lambda rest: rest[:, 3] > start, self._fabric(plain_share=0.9)

    def hair(self, colour: np.ndarray):
        """Everything above and behind a tilted, wavy plane through the head; long hair falls."""
        head = self._at["head"]
        tilt = np.radians(self._rng.uniform(20, 50))
        normal = np.array([0.0, np.cos(tilt), np.sin(tilt)])
        offset = self._rng.uniform(-0.02, 0.03)
        longest = head[2] - self._rng.choice([0.06, 0.1, 0.22], p=[0.5, 0.2, 0.3])
        wobble = self._wobble(0.006)

        def region(rest):
            from_head = rest[:, :3] - head
            behind = from_head @ normal + wobble(rest[:, :3]) > offset
            # Low down only the nape is covered, not the shoulders.
            nape = (rest[:, 2] > head[2] - 0.07) | (np.abs(rest[:, 0]) < 0.08)
            return behind & (rest[:, 2] > longest) & nape & (rest[:, 3] < 0)

        return region, sample_pattern(
            self._rng, first=colour, second=colour * 0.6, scale=0.03, plain_share=0.3
        )

    def hat(self):
        brim = self._at["head"][2] + self._rng.uniform(0.06, 0.1)
        slope = self._rng.uniform(-0.2, 0.2)
        return (
            lambda rest: rest[:, 2] + slope * rest[:, 1] > brim,
            self._fabric(plain_share=0.6),
        )

    def beard(self, colour: np.ndarray):
        head = self._at["head"]
        top = head[2] - self._rng.uniform(0.03, 0.05)
        wobble = self._wobble(0.006)

        def region(rest):
            height = rest[:, 2] + wobble(rest[:, :3])
            return (height < top) & (height > top - 0.08) & (rest[:, 1] < head[1] - 0.03)

        return region, sample_pattern(
            self._rng, first=colour, second=colour * 0.6, scale=0.02, plain_share=0.3
        )
