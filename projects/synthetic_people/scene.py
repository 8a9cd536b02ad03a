"""A random scene: people, things, camera, light, backdrop."""

from __future__ import annotations

import dataclasses

import numpy as np

from .attire import dressed
from .backdrop import Backdrop
from .backgrounds import Surroundings, painted_surroundings
from .camera import Camera, sample_camera, sample_portrait_camera
from .light import Light
from .person import PersonMaker, SyntheticPerson
from .props import Prop, sample_standing_prop, seat
from .scene_kind import SceneKind

_PERSONAL_SPACE_M = 0.55
_NEAREST_M = 0.9


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
    """All that is needed to render one image. World: metres, z up; the ground is z = 0."""

    camera: Camera
    people: tuple[SyntheticPerson, ...]
    props: tuple[Prop, ...]
    light: Light
    backdrop: Backdrop


def sample_scene(
    rng: np.random.Generator,
    maker: PersonMaker,
    kind: SceneKind,
    *,
    width: int,
    height: int,
    surroundings: Surroundings = painted_surroundings,
) -> Scene:
    """Draw a scene around a first person at the origin.

    Not everyone need be visible: `image.synthesise` looks before it accepts a scene.

    Args:
        rng: draws it.
        maker: of people.
        kind: what it may show.
        width, height: of the image, pixels.
        surroundings: what is around people.
    """
    weights = kind.num_people_weights
    count = 1 + int(rng.choice(len(weights), p=weights))
    people = [somebody(rng, maker, kind)]
    camera = _camera(rng, people[0], kind, width, height)
    while len(people) < count:
        place = _free_place(rng, camera, people)
        people.append(somebody(rng, maker, kind).moved(*place))
    depth = float(camera.to_camera(np.zeros(3))[2])
    props = [seat_under(rng, person) for person in people if person.seat_top_m is not None]
    props += [carried for person in people for carried in person.carried]
    if kind.with_things:
        props += things_about(rng, camera, depth)
    backdrop, light = surroundings(rng, camera, depth)
    return Scene(camera, tuple(people), tuple(props), light, backdrop)


def somebody(
    rng: np.random.Generator,
    maker: PersonMaker,
    kind: SceneKind,
    phenotypes: dict[str, float] | None = None,
) -> SyntheticPerson:
    """A person at the origin, dressed as the kind of scene says.

    Args:
        rng: draws them.
        maker: of people.
        kind: of scene.
        phenotypes: as of `PersonMaker.sample`.
    """
    person = maker.sample(rng, kind.stances, phenotypes)
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


def seat_under(rng: np.random.Generator, person: SyntheticPerson) -> Prop:
    """What a seated person sits on; ``rng`` draws it."""
    top = np.array([*pelvis(person)[:2], person.seat_top_m])
    return seat(rng, top, person.yaw_rad, 0.4)


def things_about(rng: np.random.Generator, camera: Camera, depth: float) -> list[Prop]:
    """Up to three things, one of them before people at ``depth`` metres; often none."""
    things = []
    if rng.random() < 0.3:
        things.append(sample_standing_prop(rng, camera, (0.45 * depth, 0.8 * depth)))
    for _ in range(int(rng.integers(0, 3)) if rng.random() < 0.5 else 0):
        things.append(sample_standing_prop(rng, camera, (depth + 0.6, depth + 4.0)))
    return things


def pelvis(person: SyntheticPerson) -> np.ndarray:
    """(3,) the middle of a person's hips, metres."""
    return (person.keypoints[11] + person.keypoints[12]) / 2


def _free_place(
    rng: np.random.Generator, camera: Camera, people: list[SyntheticPerson]
) -> tuple[float, float]:
    """Somewhere in the camera's view on the ground where nobody stands."""
    eye = camera.centre
    others = np.array([pelvis(person)[:2] for person in people])
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
