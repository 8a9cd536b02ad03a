"""A random scene: people, things, camera, light, backdrop."""

from __future__ import annotations

import dataclasses

import numpy as np

from .attire import dressed
from .backdrop import Backdrop, sample_backdrop
from .camera import Camera, sample_camera, sample_portrait_camera
from .geometry import normalised
from .person import PersonMaker, SyntheticPerson
from .props import Prop, sample_standing_prop, seat
from .scene_kind import SceneKind

_PERSONAL_SPACE_M = 0.55
_NEAREST_M = 0.9


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


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
    """All that is needed to render one image. World: metres, z up; the ground is z = 0."""

    camera: Camera
    people: tuple[SyntheticPerson, ...]
    props: tuple[Prop, ...]
    light: Light
    backdrop: Backdrop


def sample_scene(
    rng: np.random.Generator, maker: PersonMaker, kind: SceneKind, *, width: int, height: int
) -> Scene:
    """Draw a scene around a first person at the origin.

    Not everyone need be visible: `image.synthesise` looks before it accepts a scene.

    Args:
        rng: draws it.
        maker: of people.
        kind: what it may show.
        width, height: of the image, pixels.
    """
    weights = kind.num_people_weights
    count = 1 + int(rng.choice(len(weights), p=weights))
    people = [_somebody(rng, maker, kind)]
    camera = _camera(rng, people[0], kind, width, height)
    while len(people) < count:
        place = _free_place(rng, camera, people)
        people.append(_somebody(rng, maker, kind).moved(*place))
    depth = float(camera.to_camera(np.zeros(3))[2])
    props = [
        seat(rng, np.array([*_pelvis(person)[:2], person.seat_top_m]), person.yaw_rad, 0.4)
        for person in people
        if person.seat_top_m is not None
    ]
    props += [carried for person in people for carried in person.carried]
    if kind.with_things:
        props += _things(rng, camera, depth)
    backdrop = sample_backdrop(rng, width=width, height=height, scene_depth_m=depth)
    return Scene(camera, tuple(people), tuple(props), sample_light(rng), backdrop)


def _somebody(rng: np.random.Generator, maker: PersonMaker, kind: SceneKind) -> SyntheticPerson:
    person = maker.sample(rng, kind.stances)
    return dressed(rng, person, maker.mesh) if kind.volumes else person


def _camera(
    rng: np.random.Generator, person: SyntheticPerson, kind: SceneKind, width: int, height: int
) -> Camera:
    if kind.portrait_share and rng.random() < kind.portrait_share:
        return sample_portrait_camera(rng, keypoints=person.keypoints, width=width, height=height)
    return sample_camera(
        rng,
        stature_m=person.stature_m,
        close_up_share=kind.close_up_share,
        width=width,
        height=height,
    )


def _things(rng: np.random.Generator, camera: Camera, depth: float) -> list[Prop]:
    things = []
    if rng.random() < 0.3:
        things.append(sample_standing_prop(rng, camera, (0.45 * depth, 0.8 * depth)))
    for _ in range(int(rng.integers(0, 3)) if rng.random() < 0.5 else 0):
        things.append(sample_standing_prop(rng, camera, (depth + 0.6, depth + 4.0)))
    return things


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


def _pelvis(person: SyntheticPerson) -> np.ndarray:
    return (person.keypoints[11] + person.keypoints[12]) / 2


def _free_place(
    rng: np.random.Generator, camera: Camera, people: list[SyntheticPerson]
) -> tuple[float, float]:
    """Somewhere in the camera's view on the ground where nobody stands."""
    eye = camera.centre
    others = np.array([_pelvis(person)[:2] for person in people])
    depth_of_first = -eye[1]
    space = _PERSONAL_SPACE_M
    while True:
        y = float(np.clip(rng.normal(0.2, 0.6), _NEAREST_M - depth_of_first, 3.0))
        reach = 0.42 * camera.width / camera.K[0, 0] * (y - eye[1])
        x = float(rng.uniform(-reach, reach)) + 0.5 * float(others[:, 0].mean())
        apart = np.linalg.norm(others - [x, y], axis=1).min()
        if apart > space:
            return x, y
        # A close camera may see no free place: then people may stand closer, step by step.
        space *= 0.97
