"""What kind of scenes a data set shows."""

from __future__ import annotations

import dataclasses

from .pose import STANCES


@dataclasses.dataclass(frozen=True)
class SceneKind:
    """What scenes are drawn from.

    Attributes:
        num_people_weights: probabilities of one, two, ... people.
        stances: names of `pose.STANCES`.
        close_up_share: probability that the camera is too close to see the whole first person.
        with_things: whether things stand about, some before the people.
    """

    num_people_weights: tuple[float, ...] = (0.45, 0.35, 0.2)
    stances: tuple[str, ...] = tuple(STANCES)
    close_up_share: float = 0.25
    with_things: bool = True
