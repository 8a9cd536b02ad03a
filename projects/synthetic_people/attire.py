"""Dressing a posed person in garments that have a volume."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from .body_mesh import BodyMesh
from .clothes import Outfit, Region, sample_outfit
from .geometry import face_normals, mean_of_faces
from .person import SyntheticPerson
from .props import Prop
from .textures import Colouring, SmoothField, hair_colour, random_colour, sample_pattern
from .volume.accessories import (
    carry_backpack,
    carry_handbag,
    carry_shoulder_bag,
    wear_brim,
    wear_glasses,
)
from .volume.drape import Drape
from .volume.figure import Figure, thigh_angles_deg
from .volume.fitting import Garment, offsets
from .volume.hair import HairCut, hang_hair, tie_hair
from .volume.shoes import FEET, ShoeMaterial, wear_shoe
from .volume.skin import HairySkin, wide_skin_colour
from .volume.tailor import Tailor, fold_field
from .volume.tube import TubeCut, hang_tube

_LONGEST_APART_DEG = 45.0
_CREASED_LAP_DEG = 50.0
_ABOVE_LAP_M = 0.06
_LAPEL_M, _CHEST_RADIUS_M = 0.018, 0.14


DrapeMaker = Callable[[Figure, Sequence[Drape]], list[Drape]]


@dataclasses.dataclass(frozen=True, eq=False)
class Attire:
    """All that somebody wears.

    Attributes:
        outfit: colours of the body mesh.
        garments: what stands off the skin, from the skin outwards.
        drapes: makers of worn meshes, given the figure with its garments and the meshes so far.
        bags: makers of carried things.
    """

    outfit: Outfit
    garments: tuple[Garment, ...]
    drapes: tuple[DrapeMaker, ...]
    bags: tuple[Callable[[Figure], list[Prop]], ...]


def dressed(rng: np.random.Generator, person: SyntheticPerson, mesh: BodyMesh) -> SyntheticPerson:
    """The person in a random attire instead of the painted outfit, standing on its soles.

    Args:
        rng: draws it.
        person: posed, at the origin.
        mesh: the body mesh.
    """
    return put_on(sample_attire(rng, mesh, Legs.of(person)), person, mesh)


@dataclasses.dataclass(frozen=True)
class Legs:
    """What a pose allows a tube of cloth.

    Attributes:
        longest: how far down one around both legs may reach: 0 hip, 1 knee, 2 ankle.
        creased: whether the lap is bent so much that cloth cannot hang from the chest past it.
    """

    longest: float
    creased: bool

    @staticmethod
    def of(person: SyntheticPerson) -> Legs:
        """Those of a posed person."""
        left, right = thigh_angles_deg(person.keypoints)
        if person.seated or max(left, right) > _CREASED_LAP_DEG:
            return Legs(0.85, creased=True)
        return Legs(1.9 if abs(left - right) < _LONGEST_APART_DEG else 0.9, creased=False)


def put_on(attire: Attire, person: SyntheticPerson, mesh: BodyMesh) -> SyntheticPerson:
    """The person dressed.

    Vertices of the body move along their normals; worn meshes are laid around the result. All is
    lifted so that the lowest point of the dressed body touches the ground.

    Args:
        attire: what to wear.
        person: posed, in skin.
        mesh: the body mesh.
    """
    distance, directions = offsets(mesh, person.vertices, person.normals, attire.garments)
    vertices = (person.vertices + distance[:, None] * directions).astype(np.float32)
    lift = -vertices[:, 2].min()
    up = np.array([0.0, 0.0, lift], dtype=np.float32)
    vertices, skin, keypoints = vertices + up, person.vertices + up, person.keypoints + up
    of_faces = face_normals(vertices, mesh.faces)
    normals = mean_of_faces(of_faces, mesh.faces, len(vertices))
    figure = Figure(mesh, vertices, normals, keypoints)
    drapes: list[Drape] = []
    for maker in attire.drapes:
        drapes += maker(figure, drapes)
    return dataclasses.replace(
        person,
        vertices=vertices,
        normals=normals,
        face_normals=of_faces,
        keypoints=keypoints,
        outfit=attire.outfit,
        seat_top_m=None if person.seat_top_m is None else person.seat_top_m + float(lift),
        skin_vertices=skin,
        drapes=tuple(drapes),
        carried=tuple(bag for maker in attire.bags for bag in maker(figure)),
    )


def sample_attire(rng: np.random.Generator, mesh: BodyMesh, legs: Legs) -> Attire:
    """Draw clothes, hair, hats, glasses and bags.

    Args:
        rng: draws them.
        mesh: the body mesh.
        legs: what the pose allows.
    """
    tailor = Tailor(rng, mesh)
    painted = dataclasses.replace(
        sample_outfit(rng, mesh),
        wrinkles=fold_field(rng),
        wrinkle_depth=float(rng.uniform(0.001, 0.004)),
    )
    rack = _Rack(rng, tailor, painted, legs)
    rack.dress_body()
    rack.dress_head()
    rack.add_bag()
    skin = wide_skin_colour(rng)
    blotches = HairySkin.sample(rng, painted.blotches, mesh)
    face = tailor.face(skin, rack.hair)
    layers: list[tuple[Region, Colouring]] = [
        *face,
        *((garment.region, garment.material) for garment in rack.garments),
    ]
    outfit = dataclasses.replace(
        painted, skin=skin, blotches=blotches, layers=tuple(layers), lips=skin * 0.5
    )
    return Attire(outfit, tuple(rack.garments), tuple(rack.drapes), tuple(rack.bags))


class _Rack:
    """Collects what one person wears, layer by layer."""

    def __init__(self, rng, tailor: Tailor, painted: Outfit, legs: Legs) -> None:
        self._rng, self._tailor, self._legs = rng, tailor, legs
        self._wrinkles, self._depth = painted.wrinkles, painted.wrinkle_depth
        self.hair = hair_colour(rng)
        self.garments: list[Garment] = []
        self.drapes: list[DrapeMaker] = []
        self.bags: list[Callable[[Figure], list[Prop]]] = []

    def dress_body(self) -> None:
        rng, tailor = self._rng, self._tailor
        below = rng.choice(["trousers", "skirt", "dress"], p=[0.7, 0.17, 0.13])
        top_fabric = tailor.fabric()
        if below == "trousers":
            lower, hem = tailor.trousers(), tailor.hip_z + rng.uniform(-0.12, 0.1)
        else:
            lower, hem = tailor.underwear(), tailor.hip_z - 0.02
            fabric = top_fabric if below == "dress" else tailor.fabric()
            top = tailor.hip_z + rng.uniform(0.06, 0.2)
            self._hang(self._skirt(top), fabric)
        layers = [lower, tailor.shirt(hem, top_fabric)]
        coat = rng.random() < 0.3
        if below == "trousers":
            how = rng.choice(["tucked", "close", "loose"], p=[0.2, 0.4, 0.4])
            if how == "tucked":
                layers.reverse()
            elif how == "loose" and not coat:
                self._hang(self._box(hem, flare=rng.uniform(-0.05, 0.12)), top_fabric)
        self.garments += layers
        if rng.random() < 0.92:
            self._add_shoes()
        if coat:
            self._add_coat()
        if rng.random() < 0.06:
            self.garments.append(tailor.mittens())
        if rng.random() < 0.08:
            self.garments.append(tailor.scarf())

    def _add_shoes(self) -> None:
        rng = self._rng
        shoes = self._tailor.footwear()
        self.garments.append(shoes)
        sole = random_colour(rng) if rng.random() < 0.3 else np.full(3, rng.choice([0.03, 0.7]))
        material = ShoeMaterial(shoes.material, sole, rng.uniform(0.005, 0.03))
        self.drapes.append(
            lambda figure, _: [wear_shoe(figure, side, material, self._wrinkles) for side in FEET]
        )

    def _add_coat(self) -> None:
        rng, tailor = self._rng, self._tailor
        fabric = tailor.fabric(0.75)
        opening = rng.uniform(0.02, 0.09) if rng.random() < 0.6 else 0.0
        is_long, is_loose = rng.random() < 0.4, rng.random() < 0.6
        hem = tailor.hip_z + rng.uniform(-0.16, 0.05)
        if is_long:
            hem = tailor.height_on_leg(min(rng.uniform(0.4, 1.3), self._legs.longest))
        self.garments.append(tailor.coat(max(hem, tailor.hip_z - 0.1), fabric, opening))
        if is_long or is_loose:
            cut = self._box(hem, flare=rng.uniform(-0.03, 0.15))
            # A little narrower than the opening above the chest, whose edges it covers.
            gap = max(opening - _LAPEL_M, 0.0) / _CHEST_RADIUS_M
            self._hang(dataclasses.replace(cut, opening_rad=gap), fabric)

    def _box(self, hem_z: float, flare: float) -> TubeCut:
        """What hangs straight from the chest."""
        rng = self._rng
        if self._legs.creased:
            hem_z = max(hem_z, self._tailor.hip_z + _ABOVE_LAP_M)
        return TubeCut(
            top_z=self._tailor.chest_z,
            hem_z=hem_z,
            ease_m=rng.uniform(0.003, 0.008),
            flare=flare,
            folds=int(rng.integers(4, 9)),
            fold_m=rng.uniform(0.0, 0.015),
            phase=rng.uniform(0, 2 * np.pi),
        )

    def _skirt(self, top_z: float) -> TubeCut:
        rng = self._rng
        share = rng.choice([rng.uniform(0.4, 0.8), rng.uniform(0.85, 1.3), rng.uniform(1.5, 1.9)])
        return TubeCut(
            top_z=top_z,
            hem_z=self._tailor.height_on_leg(min(float(share), self._legs.longest)),
            ease_m=rng.uniform(0.004, 0.012),
            flare=rng.uniform(-0.2, 0.3),
            folds=int(rng.integers(6, 15)),
            fold_m=rng.uniform(0.0, 0.035),
            phase=rng.uniform(0, 2 * np.pi),
        )

    def _hang(self, cut: TubeCut, fabric) -> None:
        relief, depth = self._wrinkles, self._depth
        self.drapes.append(
            lambda figure, worn: [hang_tube(figure, cut, fabric, relief, depth, worn)]
        )

    def dress_head(self) -> None:
        rng, tailor = self._rng, self._tailor
        long_hair = rng.random() < 0.33
        if rng.random() < (0.03 if long_hair else 0.15):
            self.garments.append(tailor.facial_hair(self.hair))
        if long_hair or rng.random() < 0.93:
            self.garments.append(tailor.head_of_hair(self.hair))
        if long_hair:
            self._add_long_hair()
        if rng.random() < 0.15:
            self._add_glasses()
        if rng.random() < 0.16:
            self._add_hat()

    def _add_long_hair(self) -> None:
        rng = self._rng
        strands = SmoothField.sample(rng, dimensions=3, wavelength=0.012, terms=10)
        material = self.garments[-1].material
        if rng.random() < 0.25:
            width, height = rng.uniform(0.028, 0.045), rng.uniform(0.0, 0.09)
            length = width * (1 if rng.random() < 0.5 else rng.uniform(2.0, 5.0))
            size = np.array([width, width, length])
            self.drapes.append(lambda f, _: [tie_hair(f, height, size, material, strands)])
            return
        cut = HairCut(
            length_m=rng.uniform(0.14, 0.5),
            spread_rad=np.radians(rng.uniform(95, 128)),
            front_share=rng.uniform(0.4, 1.0),
            volume_m=rng.uniform(0.008, 0.03),
            waves_m=rng.uniform(0.0, 0.02),
            waves=SmoothField.sample(rng, dimensions=3, wavelength=0.1),
        )
        self.drapes.append(lambda figure, _: [hang_hair(figure, cut, material, strands)])

    def _add_glasses(self) -> None:
        rng = self._rng
        colour = random_colour(rng) * 0.3
        frame = sample_pattern(rng, first=colour, second=colour, plain_share=1.0)
        lens = None
        if rng.random() < 0.45:
            dark = random_colour(rng) * 0.06
            lens = sample_pattern(rng, first=dark, second=dark, plain_share=1.0)
        self.drapes.append(lambda figure, _: wear_glasses(figure, frame, lens))

    def _add_hat(self) -> None:
        rng = self._rng
        hat, region = self._tailor.headgear()
        self.garments.append(hat)
        kind = rng.choice(["none", "peak", "brim"], p=[0.35, 0.4, 0.25])
        if kind == "none":
            return
        width = rng.uniform(0.05, 0.075) if kind == "peak" else rng.uniform(0.04, 0.11)
        droop = rng.uniform(-0.1, 0.4)
        self.drapes.append(
            lambda figure, _: [
                wear_brim(figure, region, hat.material, width, droop, front_only=kind == "peak")
            ]
        )

    def add_bag(self) -> None:
        rng, tailor = self._rng, self._tailor
        kind = rng.choice(["none", "backpack", "shoulder", "hand"], p=[0.74, 0.1, 0.08, 0.08])
        side = 1 if rng.random() < 0.5 else -1
        own = np.random.default_rng(rng.integers(2**32))
        if kind == "backpack":
            self.garments.append(tailor.straps(tailor.fabric(1.0)))
            self.bags.append(lambda figure: carry_backpack(figure, own))
        elif kind == "shoulder":
            self.garments.append(tailor.sling(tailor.fabric(1.0), side))
            self.bags.append(lambda figure: carry_shoulder_bag(figure, own, side))
        elif kind == "hand":
            self.bags.append(lambda figure: carry_handbag(figure, own, side))
