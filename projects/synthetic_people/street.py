"""People as they happen to be photographed: portraits, crowds, somebody far away."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from .backdrop import Backdrop
from .backgrounds import Surroundings
from .camera import Camera
from .person import PersonMaker, SyntheticPerson
from .props import Prop
from .render import NOBODY
from .scene import Scene, pelvis, seat_under, somebody, things_about
from .scene_kind import SceneKind, Street
from .shape import sample_child_phenotypes
from .shots import FILM_WIDTH_MM, SHOTS, Shot, aim

_PERSONAL_SPACE_M = 0.45
_NEAREST_M = 0.7
_TRIES = 12

_LEAST_AREA_PX, _LEAST_SIDE_PX = 50, 6
_LEAST_SHARE = 0.012
"""Of the square of a person's height in pixels; a whole person covers about 0.15 of it."""


def sample_street(
    rng: np.random.Generator,
    maker: PersonMaker,
    kind: SceneKind,
    street: Street,
    surroundings: Surroundings,
    *,
    width: int,
    height: int,
) -> Scene:
    """Draw a scene: somebody at the origin whom a camera aims at, and others about.

    Args:
        rng: draws it.
        maker: of people.
        kind: what their stances are.
        street: how they are photographed.
        surroundings: what is around them.
        width, height: of the image, pixels.
    """
    names, weights = zip(*street.shots, strict=True)
    shot = SHOTS[str(rng.choice(names, p=np.array(weights) / sum(weights)))]
    first = _person(rng, maker, kind, street)
    camera = aim(
        rng,
        first,
        shot,
        focal_mm=street.focal_mm,
        least_share=street.least_height_px / height,
        width=width,
        height=height,
    )
    depth = float(camera.to_camera(pelvis(first))[2])
    people = [first]
    fewest, most = shot.company
    for _ in range(min(int(rng.integers(fewest, most + 1)), street.most_people - 1)):
        place = _free_place(rng, camera, people, shot, depth, street.least_height_px)
        if place is not None:
            people.append(_person(rng, maker, kind, street).moved(*place))
    props: list[Prop] = [
        seat_under(rng, person) for person in people if person.seat_top_m is not None
    ]
    props += [carried for person in people for carried in person.carried]
    if rng.random() < street.things_share:
        props += things_about(rng, camera, depth)
    backdrop, light = surroundings(rng, camera, depth)
    backdrop = _out_of_focus(rng, backdrop, camera, depth)
    return Scene(camera, tuple(people), tuple(props), light, backdrop)


def without_hidden(scene: Scene, person: np.ndarray) -> Scene:
    """The scene without the people of whom too little is seen to be labelled.

    Args:
        scene: it.
        person: (H, W) index of the person that each pixel shows, `render.NOBODY` elsewhere.
    """
    areas = np.bincount(person[person != NOBODY], minlength=len(scene.people))
    kept = [
        one
        for index, one in enumerate(scene.people)
        if areas[index] >= max(_LEAST_AREA_PX, _LEAST_SHARE * _height_px(scene.camera, one) ** 2)
        and _least_side(person == index) >= _LEAST_SIDE_PX
    ]
    gone = {id(prop) for one in scene.people if one not in kept for prop in one.carried}
    props = tuple(prop for prop in scene.props if id(prop) not in gone)
    return dataclasses.replace(scene, people=tuple(kept), props=props)


def _least_side(mask: np.ndarray) -> int:
    return min(int(mask.any(axis=axis).sum()) for axis in (0, 1))


def _height_px(camera: Camera, person: SyntheticPerson) -> float:
    """Of an upright person there, but at most the picture's longer side."""
    depth = max(float(camera.to_camera(pelvis(person))[2]), 0.3)
    return min(camera.K[1, 1] * person.stature_m / depth, max(camera.width, camera.height))


def _person(
    rng: np.random.Generator, maker: PersonMaker, kind: SceneKind, street: Street
) -> SyntheticPerson:
    child = rng.random() < street.child_share
    return somebody(rng, maker, kind, sample_child_phenotypes(rng) if child else None)


def _free_place(
    rng: np.random.Generator,
    camera: Camera,
    people: list[SyntheticPerson],
    shot: Shot,
    depth_m: float,
    least_height_px: float,
) -> tuple[float, float] | None:
    """Somewhere in view on the ground where nobody stands; None if a few tries find no place."""
    others = np.array([pelvis(person)[:2] for person in people])
    forward = camera.R[2, :2] / np.linalg.norm(camera.R[2, :2])
    right = np.array([forward[1], -forward[0]])
    farthest = camera.K[1, 1] * 1.5 / least_height_px
    for _ in range(_TRIES):
        nearest, far = np.log(np.array(shot.company_depth) * depth_m)
        depth = float(np.clip(np.exp(rng.uniform(nearest, far)), _NEAREST_M, farthest))
        column = rng.uniform(-0.05, 1.05) * camera.width
        aside = (column - camera.K[0, 2]) / camera.K[0, 0] * depth
        place = camera.centre[:2] + depth * forward + aside * right
        if np.linalg.norm(others - place, axis=1).min() > _PERSONAL_SPACE_M:
            return float(place[0]), float(place[1])
    return None


def _out_of_focus(
    rng: np.random.Generator, backdrop: Backdrop, camera: Camera, depth_m: float
) -> Backdrop:
    """The backdrop as a lens focused on the people draws it: a circle for each point.

    A lens of f millimetres and f-number N that is focused at s draws far points as circles of
    diameter f^2 / (N (s - f)) on the film.
    """
    focal_mm = camera.K[0, 0] * FILM_WIDTH_MM / max(camera.width, camera.height)
    f_number = np.exp(rng.uniform(np.log(2.0), np.log(32.0)))
    circle_mm = focal_mm**2 / (f_number * (1000 * depth_m - focal_mm))
    # What is behind people is not at infinity: half of the circle.
    radius = circle_mm / FILM_WIDTH_MM * max(camera.width, camera.height) / 4
    if radius < 0.4:
        return backdrop
    radius = min(radius, 12.0)
    side = 2 * int(np.ceil(radius)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.float32)
    blurred = cv2.filter2D(
        backdrop.picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT
    )
    return dataclasses.replace(backdrop, picture=blurred)
