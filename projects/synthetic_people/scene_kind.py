"""What kind of scenes a data set shows."""

from __future__ import annotations

import dataclasses

from .pose import USUAL_STANCES


@dataclasses.dataclass(frozen=True)
class Street:
    """People as they happen to be photographed, by any camera, from near and far.

    Attributes:
        shots: how often each kind of shot of `shots.SHOTS` is taken, relative to the others.
        focal_mm: shortest and longest focal length on 36 mm wide film, the phone's to the tele's.
        most_people: in one picture.
        child_share: probability that a person is a child.
        least_height_px: height of the smallest person aimed at.
        things_share: probability that things stand about.
    """

    shots: tuple[tuple[str, float], ...] = (
        ("whole", 0.26), ("far", 0.22), ("half", 0.22), ("portrait", 0.14), ("crowd", 0.16),
    )  # fmt: skip
    focal_mm: tuple[float, float] = (20.0, 200.0)
    most_people: int = 8
    child_share: float = 0.15
    least_height_px: float = 30.0
    things_share: float = 0.2


@dataclasses.dataclass(frozen=True)
class SceneKind:
    """What scenes are drawn from.

    Attributes:
        num_people_weights: probabilities of one, two, ... people.
        stances: names of `pose.STANCES`.
        close_up_share: probability that the camera is too close to see the whole first person.
        with_things: whether things stand about, some before the people.
        volumes: whether clothes, hair and shoes stand off the skin, and people wear skirts, coats,
            hats and bags; otherwise all of it is painted on.
        portrait_share: probability that the camera shows the first person from the hips or the
            chest up.
        street: photographs of people instead of pictures of a group; they have their own numbers of
            people, shots and things, so that of the fields above only ``stances`` and ``volumes``
            count.
    """

    num_people_weights: tuple[float, ...] = (0.45, 0.35, 0.2)
    stances: tuple[str, ...] = USUAL_STANCES
    close_up_share: float = 0.25
    with_things: bool = True
    volumes: bool = False
    portrait_share: float = 0.0
    street: Street | None = None
