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
        volumes: whether clothes, hair and shoes stand off the skin, and people wear skirts, coats,
            hats and bags; otherwise all of it is painted on.
        portrait_share: probability that the camera shows the first person from the hips or the
            chest up.
    """

    num_people_weights: tuple[float, ...] = (0.45, 0.35, 0.2)
    stances: tuple[str, ...] = tuple(STANCES)
    close_up_share: float = 0.25
    with_things: bool = True
    volumes: bool = False
    portrait_share: float = 0.0
