"""Makers of garments with thickness. Each call draws a new one; lengths are metres."""

from __future__ import annotations

import numpy as np

from ..body_mesh import MOUTH, BodyMesh
from ..clothes import Region, Wardrobe
from ..textures import Pattern, SmoothField, sample_pattern
from .fitting import Garment, Thickness
from .hair import HairMaterial

THICKNESS_M: dict[str, tuple[float, float]] = {
    "top": (0.003, 0.025),
    "jacket": (0.015, 0.05),
    "trousers": (0.005, 0.035),
    "shorts": (0.002, 0.004),
    "shoes": (0.005, 0.02),
    "gloves": (0.002, 0.006),
    "scarf": (0.015, 0.035),
    "hair": (0.005, 0.05),
    "beard": (0.003, 0.015),
    "hat": (0.02, 0.06),
    "strap": (0.006, 0.012),
}
"""Least and greatest thickness of each kind of garment at its thickest, without soles."""

_SOLE_M = (0.008, 0.03)
_FLANK_M = 0.2


def fold_field(rng: np.random.Generator, terms: int = 14) -> SmoothField:
    """Folds of cloth, fine and coarse, most of which run down the body; see `SmoothField`."""
    direction = rng.normal(size=(terms, 3)) * np.array([1.0, 1.0, 0.45])
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    lengths = np.exp(rng.uniform(np.log(0.05), np.log(0.3), size=(terms, 1)))
    return SmoothField(
        (direction / lengths).astype(np.float32),
        rng.uniform(0, 2 * np.pi, size=terms).astype(np.float32),
    )


class Tailor(Wardrobe):
    """Cuts garments for one person.

    Args:
        rng: draws them.
        mesh: the body mesh.
    """

    def __init__(self, rng: np.random.Generator, mesh: BodyMesh) -> None:
        super().__init__(rng, mesh)
        self._mesh = mesh

    @property
    def chest_z(self) -> float:
        """Height of the chest below the armpits at rest."""
        return float(self._at["neck"][2]) - 0.2

    @property
    def hip_z(self) -> float:
        """Height of the hip joint at rest."""
        return float(self._at["hip"][2])

    def height_on_leg(self, share: float) -> float:
        """Rest height at 0 (hip) to 1 (knee) to 2 (ankle) of the leg."""
        joints = [self._at[name][2] for name in ("hip", "knee", "ankle")]
        return float(np.interp(share, [0, 1, 2], joints))

    @property
    def _above_chest(self) -> tuple[float, float]:
        return self.chest_z - 0.1, np.inf

    def fabric(self, plain_share: float = 0.6) -> Pattern:
        """Cloth of one or two random colours."""
        return self._fabric(plain_share)

    def shirt(self, hem_z: float, fabric: Pattern) -> Garment:
        """A top down to ``hem_z``, with sleeves of any length."""
        sleeve = self._sleeve(["none", "short", "elbow", "long"], [0.13, 0.42, 0.12, 0.33])
        trunk, chest = self._covering_trunk(hem_z, sleeve), self.chest_z

        def region(rest):
            # The flanks, which the arm coordinate takes for arms.
            flank = (rest[:, 2] > hem_z) & (rest[:, 2] < chest) & (np.abs(rest[:, 0]) < _FLANK_M)
            return trunk(rest) | (flank & (rest[:, 3] < self._elbow))

        thick = self._drawn("top", 1.2, 2.0)
        return Garment("top", region, fabric, self._loosening(thick, 0.3), ironing=8)

    def coat(self, hem_z: float, fabric: Pattern, opening_m: float) -> Garment:
        """A jacket with long sleeves, open in front by ``opening_m`` to either side."""
        body = self._covering_trunk(hem_z, self._rng.uniform(0.95, 1.03) * self._wrist)
        region = body
        if opening_m > 0:
            region = self._open_in_front(body, opening_m)
        thick = self._drawn("jacket", 1.2, 1.6)
        return Garment("jacket", region, fabric, self._loosening(thick, 0.55), ironing=8)

    def trousers(self) -> Garment:
        """Trousers or shorts."""
        region, fabric = self.bottom()
        least, most = THICKNESS_M["trousers"]
        at_hip = self._rng.uniform(least, 0.4 * most)
        at_hem = self._rng.uniform(least, most)
        hip, ankle = self.hip_z, self._at["ankle"][2]
        folds = self._folds()

        def thickness(rest):
            down = np.clip((hip - rest[:, 2]) / (hip - ankle), 0.0, 1.0)
            return (at_hip + (at_hem - at_hip) * down) * folds(rest)

        below = (-np.inf, self.hip_z + 0.3)
        return Garment("trousers", region, fabric, thickness, ironing=3, heights=below)

    def underwear(self) -> Garment:
        """Tight shorts to wear below a skirt."""
        top, hem = self.hip_z + 0.08, self.height_on_leg(0.25)
        return Garment(
            "shorts",
            lambda rest: (rest[:, 2] < top) & (rest[:, 2] > hem) & (rest[:, 3] < 0),
            self._fabric(0.9),
            self._even(self._drawn("shorts")),
        )

    def footwear(self) -> Garment:
        """Shoes or boots, with soles."""
        top = self._at["ankle"][2] + self._rng.uniform(-0.04, 0.06)
        if self._rng.random() < 0.2:
            top = self.height_on_leg(self._rng.uniform(1.3, 1.8))
        wobble, thick = self._wobble(0.004), self._drawn("shoes")
        sole = self._rng.uniform(*_SOLE_M)
        ground = float(self._mesh.rest_coordinates[:, 2].min())

        def thickness(rest):
            below = np.clip((ground + 0.025 - rest[:, 2]) / 0.015, 0.0, 1.0)
            return thick + sole * below

        return Garment(
            "shoes",
            lambda rest: rest[:, 2] + wobble(rest[:, :3]) < top,
            self._fabric(0.8),
            thickness,
            ironing=3,
            heights=(-np.inf, self.height_on_leg(1.0)),
        )

    def mittens(self) -> Garment:
        """Gloves."""
        region, fabric = self.gloves()
        return Garment("gloves", region, fabric, self._even(self._drawn("gloves")))

    def scarf(self) -> Garment:
        """A roll of cloth around the neck."""
        neck = self._at["neck"][2]
        low, high = neck - self._rng.uniform(0.0, 0.05), neck + self._rng.uniform(0.03, 0.06)
        wobble, thick = self._wobble(), self._drawn("scarf")
        reach = 0.13

        def region(rest):
            height = rest[:, 2] + wobble(rest[:, :3])
            near = np.hypot(rest[:, 0], rest[:, 1] - self._at["neck"][1]) < reach
            return (height > low) & (height < high) & near & (rest[:, 3] < 0)

        return Garment(
            "scarf", region, self._fabric(0.5), self._even(thick), ironing=6, edge=1,
            heights=self._above_chest,
        )  # fmt: skip

    def head_of_hair(self, colour: np.ndarray) -> Garment:
        """Hair on the skull, short to bushy."""
        region, _ = self.hair(colour)
        strands = SmoothField.sample(self._rng, dimensions=3, wavelength=0.012, terms=10)
        contrast = self._rng.uniform(0.1, 0.35)
        material = HairMaterial(colour, contrast, self._at["head"], strands)
        thick = self._drawn("hair", 1.3, 2.2)
        head, folds = self._at["head"], self._folds(0.12, 0.3)

        def thickness(rest):
            # The nape and the temples are cut shorter than the crown.
            crown = np.clip((rest[:, 2] - head[2] + 0.08) / 0.14, 0.0, 1.0)
            return thick * (0.35 + 0.65 * crown) * folds(rest)

        return Garment(
            "hair", region, material, thickness, ironing=5, edge=2, heights=self._above_chest
        )

    def facial_hair(self, colour: np.ndarray) -> Garment:
        """A beard."""
        below, material = self.beard(colour)
        middle, thick = self._mouth(), self._drawn("beard", 1.0, 2.0)

        def region(rest):
            x, height = rest[:, 0] / 0.026, (rest[:, 2] - middle[2]) / 0.011
            # Cheeks and the mouth stay free.
            cheek = rest[:, 2] - middle[2] > 0.018 + 0.5 * np.maximum(np.abs(rest[:, 0]) - 0.035, 0)
            return below(rest) & (x**2 + height**2 > 1) & ~cheek

        return Garment("beard", region, material, self._even(thick), 2, 1, self._above_chest)

    def headgear(self) -> tuple[Garment, Region]:
        """The crown of a hat, and its region."""
        region, fabric = self.hat()
        thick, head = self._drawn("hat", 1.0, 1.6), self._at["head"]

        def thickness(rest):
            crown = np.clip((rest[:, 2] - head[2] - 0.05) / 0.1, 0.0, 1.0)
            return 0.012 + (thick - 0.012) * crown

        hat = Garment("hat", region, fabric, thickness, ironing=8, heights=self._above_chest)
        return hat, region

    def straps(self, material: Pattern) -> Garment:
        """The two straps of a backpack over the shoulders."""
        at, width = self._rng.uniform(0.1, 0.13), self._rng.uniform(0.018, 0.032)
        low = self._at["neck"][2] - self._rng.uniform(0.25, 0.35)

        def region(rest):
            beside = np.abs(np.abs(rest[:, 0]) - at) < width
            return beside & (rest[:, 2] > low) & (rest[:, 2] < self._at["head"][2] - 0.1)

        return Garment("strap", region, material, self._even(self._drawn("strap")))

    def sling(self, material: Pattern, side: int) -> Garment:
        """A strap from the other shoulder across the trunk to the hip of ``side``."""
        neck, hip = self._at["neck"][2] - 0.03, self.hip_z + 0.06
        width = self._rng.uniform(0.015, 0.028)

        def region(rest):
            down = (neck - rest[:, 2]) / (neck - hip)
            across = rest[:, 0] * side - (-0.11 + 0.27 * down)
            return (np.abs(across) < width) & (down > -0.2) & (down < 1) & (rest[:, 3] < 0)

        return Garment("strap", region, material, self._even(self._drawn("strap")))

    def face(self, skin: np.ndarray, hair: np.ndarray) -> list[tuple[Region, Pattern]]:
        """Layers of colour: eyebrows and lips."""
        eye = self._at["eye"]
        rise, thick = self._rng.uniform(0.019, 0.025), self._rng.uniform(0.002, 0.004)
        bow = self._rng.uniform(0.1, 0.25)

        def brows(rest):
            along = np.abs(rest[:, 0]) - eye[0]
            height = rest[:, 2] - eye[2] - rise + bow * np.abs(along)
            return (np.abs(height) < thick) & (np.abs(along) < 0.02) & (rest[:, 1] < eye[1])

        middle = self._mouth()

        def lips(rest):
            x, height = rest[:, 0] / 0.024, (rest[:, 2] - middle[2]) / 0.008
            return (x**2 + height**2 < 1) & (rest[:, 1] < middle[1] + 0.015)

        red = skin * self._rng.uniform([0.75, 0.45, 0.45], [0.95, 0.75, 0.75])
        shade = 0.5 * hair + 0.5 * skin * 0.4
        return [
            (region, sample_pattern(self._rng, first=colour, second=colour, plain_share=1.0))
            for region, colour in ((lips, red), (brows, shade))
        ]

    def _mouth(self) -> np.ndarray:
        """Rest coordinates of the middle of the mouth."""
        faces = self._mesh.faces[self._mesh.face_kind == MOUTH]
        return self._mesh.rest_coordinates[faces].mean(axis=(0, 1))

    def _sleeve(self, names: list[str], shares: list[float]) -> float:
        return {
            "none": 0.0,
            "short": self._rng.uniform(0.35, 0.75) * self._elbow,
            "elbow": self._rng.uniform(0.85, 1.2) * self._elbow,
            "long": self._rng.uniform(0.93, 1.04) * self._wrist,
        }[str(self._rng.choice(names, p=shares))]

    def _open_in_front(self, body: Region, half_width: float) -> Region:
        wobble = self._wobble()

        def region(rest):
            front = (rest[:, 1] < self._at["neck"][1] - 0.02) & (rest[:, 3] < 0)
            open_here = front & (np.abs(rest[:, 0]) < half_width + wobble(rest[:, :3]))
            return body(rest) & ~open_here

        return region

    def _drawn(self, kind: str, a: float = 1.0, b: float = 1.0) -> float:
        least, most = THICKNESS_M[kind]
        return float(least + (most - least) * self._rng.beta(a, b))

    def _folds(self, wavelength: float = 0.3, share: float = 0.35):
        """(N, 4) rest coordinates -> (N,) factors around 1 of a smooth field."""
        field = SmoothField.sample(self._rng, dimensions=3, wavelength=wavelength)
        return lambda rest: 1 + share * np.clip(field(rest[:, :3]), -1.5, 1.5) / 1.5

    def _even(self, thick: float) -> Thickness:
        return lambda rest: np.full(len(rest), thick)

    def _loosening(self, thick: float, at_shoulders: float) -> Thickness:
        """Cloth that lies closer on the shoulders than at hems and cuffs."""
        neck, hip, folds = self._at["neck"][2], self.hip_z, self._folds()

        def thickness(rest):
            down = np.where(
                rest[:, 3] < 0, (neck - rest[:, 2]) / (neck - hip), rest[:, 3] / self._wrist
            )
            share = at_shoulders + (1 - at_shoulders) * np.clip(1.3 * down, 0.0, 1.0)
            return thick * share * folds(rest)

        return thickness
