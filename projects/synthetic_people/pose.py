"""Random plausible poses: a stance for the legs, a gesture for each arm, a posture for the trunk.

Each is a table of (mean, spread) per joint angle; a sample is normal, then clipped to the joint's
limits. Directions and signs are those of `joints.JOINT_LIMITS_DEG`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from .joints import SIDES, clip_to_limits

Range = tuple[float, float]
"""Mean and standard deviation, degrees."""

Angles = Mapping[str, Range]
"""Joint angle -> its range."""


@dataclasses.dataclass(frozen=True)
class Stance:
    """What both legs do.

    Attributes:
        weight: how often, relative to the others.
        leading, trailing: angles of the two legs; which of them is the left one is drawn.
        trunk: angles of pelvis and spine that the stance asks for.
        arm_swing: degrees by which hanging arms swing against the legs.
        seated: the person sits on something.
    """

    weight: float
    leading: Angles
    trailing: Angles
    trunk: Angles = dataclasses.field(default_factory=dict)
    arm_swing: float = 0.0
    seated: bool = False


@dataclasses.dataclass(frozen=True)
class Gesture:
    """What one arm does. ``weight`` is how often; ``paired``, how often the other arm joins in."""

    weight: float
    angles: Angles
    paired: float = 0.5


@dataclasses.dataclass(frozen=True)
class SampledPose:
    """A pose. ``angles``: degrees by joint, within limits; ``seated``: there should be a seat."""

    angles: dict[str, float]
    stance: str
    gestures: tuple[str, str]
    seated: bool


def _leg(
    hip: Range,
    knee: Range,
    out: Range | None = None,
    turn: Range | None = None,
    ankle: Range | None = None,
) -> Angles:
    """What one leg does: hip flexion, abduction (out) and rotation (turn), knee and ankle."""
    return _named(
        hip_flexion=hip,
        hip_abduction=out,
        hip_rotation=turn,
        knee_flexion=knee,
        ankle_flexion=ankle,
    )


def _arm(
    lift: Range,
    plane: Range,
    elbow: Range,
    turn: Range | None = None,
    palm: Range | None = None,
    wrist: Range | None = None,
) -> Angles:
    """What one arm does: shoulder elevation (lift), azimuth (plane) and rotation (turn), elbow,
    pronation (palm) and wrist."""
    return _named(
        shoulder_elevation=lift,
        shoulder_azimuth=plane,
        shoulder_rotation=turn,
        elbow_flexion=elbow,
        forearm_pronation=palm,
        wrist_flexion=wrist,
    )


def _named(**ranges: Range | None) -> Angles:
    return {name: values for name, values in ranges.items() if values is not None}


STANCES: dict[str, Stance] = {
    "stand": Stance(
        4.0,
        _leg(hip=(2, 4), out=(3, 4), turn=(-8, 6), knee=(4, 4)),
        _leg(hip=(0, 3), out=(3, 4), turn=(-8, 6), knee=(3, 3)),
    ),
    "contrapposto": Stance(
        2.5,
        _leg(hip=(16, 6), out=(9, 4), turn=(-18, 8), knee=(26, 8)),
        _leg(hip=(0, 3), out=(-2, 3), turn=(-5, 5), knee=(2, 2)),
        trunk={"spine_bend": (0, 5)},
    ),
    "wide": Stance(
        1.2,
        _leg(hip=(6, 5), out=(19, 7), turn=(-15, 8), knee=(8, 6)),
        _leg(hip=(6, 5), out=(19, 7), turn=(-15, 8), knee=(8, 6)),
    ),
    "walk": Stance(
        3.5,
        _leg(hip=(26, 6), out=(0, 2), knee=(8, 5)),
        _leg(hip=(-13, 4), out=(0, 2), knee=(22, 12)),
        trunk={"spine_flexion": (4, 3), "spine_twist": (0, 8)},
        arm_swing=24.0,
    ),
    "run": Stance(
        0.8,
        _leg(hip=(55, 12), knee=(75, 15), ankle=(0, 8)),
        _leg(hip=(-12, 5), knee=(45, 20), ankle=(-25, 6)),
        trunk={"pelvis_tilt": (8, 4), "spine_flexion": (10, 5), "spine_twist": (0, 10)},
        arm_swing=40.0,
    ),
    "step_up": Stance(
        0.8,
        _leg(hip=(60, 14), out=(5, 5), knee=(70, 14)),
        _leg(hip=(0, 4), out=(2, 3), knee=(5, 4)),
    ),
    "crouch": Stance(
        0.8,
        _leg(hip=(65, 14), out=(12, 6), knee=(75, 15)),
        _leg(hip=(60, 14), out=(12, 6), knee=(72, 15)),
        trunk={"pelvis_tilt": (15, 6), "spine_flexion": (18, 8)},
    ),
    "sit": Stance(
        1.6,
        _leg(hip=(84, 6), out=(7, 6), knee=(86, 12)),
        _leg(hip=(82, 6), out=(7, 6), knee=(82, 14)),
        trunk={"spine_flexion": (8, 8)},
        seated=True,
    ),
    "kneel": Stance(
        0.5,
        _leg(hip=(88, 6), out=(8, 5), knee=(92, 6)),
        _leg(hip=(2, 5), out=(3, 3), knee=(94, 6), ankle=(-25, 6)),
        trunk={"spine_flexion": (6, 6)},
    ),
    "sit_on_heels": Stance(
        0.4,
        _leg(hip=(48, 8), out=(6, 4), knee=(127, 3), ankle=(-33, 2)),
        _leg(hip=(48, 8), out=(6, 4), knee=(127, 3), ankle=(-33, 2)),
        trunk={"spine_flexion": (4, 6)},
    ),
    "squat": Stance(
        0.5,
        _leg(hip=(104, 5), out=(16, 6), knee=(124, 5), ankle=(18, 4)),
        _leg(hip=(102, 5), out=(16, 6), knee=(122, 5), ankle=(18, 4)),
        trunk={"pelvis_tilt": (18, 5), "spine_flexion": (15, 6)},
    ),
    "sit_on_ground": Stance(
        0.5,
        _leg(hip=(88, 10), out=(10, 6), knee=(45, 25), ankle=(-5, 6)),
        _leg(hip=(84, 10), out=(10, 6), knee=(25, 20), ankle=(-5, 6)),
        trunk={"pelvis_tilt": (-6, 4), "spine_flexion": (18, 8)},
    ),
    "bend_over": Stance(
        0.4,
        _leg(hip=(50, 10), out=(6, 4), knee=(18, 10)),
        _leg(hip=(46, 10), out=(6, 4), knee=(14, 10)),
        trunk={"pelvis_tilt": (22, 3), "spine_flexion": (30, 8)},
    ),
}

USUAL_STANCES = ("stand", "contrapposto", "wide", "walk", "run", "step_up", "crouch", "sit")
"""Those of data sets that ask for no others."""

GESTURES: dict[str, Gesture] = {
    "hang": Gesture(
        5.0, _arm(lift=(6, 5), plane=(30, 40), elbow=(18, 10), palm=(10, 20)), paired=0.65
    ),
    "hand_in_front": Gesture(
        2.0,
        _arm(
            lift=(24, 8),
            plane=(45, 15),
            turn=(42, 12),
            elbow=(80, 16),
            palm=(20, 25),
            wrist=(5, 12),
        ),
        paired=0.6,
    ),
    "hand_on_chest": Gesture(
        0.8,
        _arm(lift=(34, 8), plane=(55, 12), turn=(55, 10), elbow=(115, 8), palm=(25, 20)),
        paired=0.3,
    ),
    "folded": Gesture(
        0.9,
        _arm(lift=(30, 6), plane=(62, 8), turn=(64, 8), elbow=(98, 7), palm=(15, 15)),
        paired=0.95,
    ),
    "hand_on_hip": Gesture(
        1.2,
        _arm(lift=(40, 5), plane=(-18, 8), turn=(72, 5), elbow=(94, 7), palm=(10, 15)),
        paired=0.55,
    ),
    "raised_sideways": Gesture(
        1.2,
        _arm(lift=(85, 18), plane=(15, 15), turn=(-5, 25), elbow=(30, 25), palm=(25, 25)),
        paired=0.5,
    ),
    "raised_forward": Gesture(
        1.3,
        _arm(lift=(75, 18), plane=(80, 14), turn=(5, 18), elbow=(30, 22), palm=(30, 25)),
        paired=0.4,
    ),
    "overhead": Gesture(
        1.1, _arm(lift=(145, 14), plane=(35, 18), turn=(-5, 20), elbow=(35, 22)), paired=0.45
    ),
    "wave": Gesture(
        1.0, _arm(lift=(72, 14), plane=(20, 15), turn=(-52, 8), elbow=(95, 18)), paired=0.15
    ),
    "hand_at_face": Gesture(
        0.9, _arm(lift=(48, 9), plane=(70, 10), turn=(32, 10), elbow=(133, 5)), paired=0.15
    ),
    "reach_low": Gesture(
        0.9, _arm(lift=(40, 14), plane=(65, 25), elbow=(45, 20), palm=(15, 25)), paired=0.4
    ),
    "back": Gesture(0.5, _arm(lift=(28, 9), plane=(-48, 8), elbow=(20, 14)), paired=0.5),
}

_POSTURE: Angles = {
    "pelvis_tilt": (0, 3),
    "pelvis_roll": (0, 2),
    "spine_flexion": (3, 7),
    "spine_bend": (0, 4),
    "spine_twist": (0, 8),
    "neck_flexion": (3, 12),
    "neck_bend": (0, 6),
    "neck_twist": (0, 22),
}
_RELAXED_HAND: Angles = {"finger_curl": (22, 18), "wrist_flexion": (3, 10)}
_SOLE_NOISE_DEG = 3.0


def sample_pose(rng: np.random.Generator, stances: Sequence[str]) -> SampledPose:
    """Draw a pose. The soles of both feet are near parallel to the ground unless in swing.

    Args:
        rng: draws it.
        stances: names of `STANCES` to choose from.
    """
    stance_name = _choose(rng, {name: STANCES[name] for name in stances})
    stance = STANCES[stance_name]
    first = _choose(rng, GESTURES)
    second = first if rng.random() < GESTURES[first].paired else _choose(rng, GESTURES)
    gestures = (first, second) if rng.random() < 0.5 else (second, first)
    left_leads = bool(rng.random() < 0.5)

    angles = _draw(rng, _POSTURE)
    for name, value in _draw(rng, stance.trunk).items():
        angles[name] = angles.get(name, 0.0) + value
    for side, gesture in zip(SIDES, gestures, strict=True):
        leads = (side == "left") == left_leads
        limb = _draw(rng, _RELAXED_HAND) | _draw(rng, GESTURES[gesture].angles)
        if gesture == "hang" and stance.arm_swing:
            limb |= _swing_arm(rng, stance.arm_swing, forwards=not leads)
        limb |= _draw(rng, stance.leading if leads else stance.trailing)
        if "ankle_flexion" not in limb:
            # The shin's tilt is thigh minus knee; the ankle makes up for it and for the pelvis.
            shin = limb["hip_flexion"] - limb["knee_flexion"] - angles["pelvis_tilt"]
            limb["ankle_flexion"] = -shin + rng.normal(0.0, _SOLE_NOISE_DEG)
        angles |= {f"{side}_{joint}": value for joint, value in limb.items()}
    return SampledPose(clip_to_limits(angles), stance_name, gestures, stance.seated)


def _swing_arm(rng: np.random.Generator, swing: float, forwards: bool) -> dict[str, float]:
    reach = abs(rng.normal(swing, swing / 4))
    azimuth = 85.0 if forwards else -60.0
    return {
        "shoulder_elevation": reach if forwards else 0.8 * reach,
        "shoulder_azimuth": azimuth,
        "elbow_flexion": rng.normal(15 + swing, 8),
    }


def _draw(rng: np.random.Generator, table: Angles) -> dict[str, float]:
    return {name: float(rng.normal(mean, spread)) for name, (mean, spread) in table.items()}


def _choose(rng: np.random.Generator, table: Mapping[str, Stance | Gesture]) -> str:
    weights = np.array([entry.weight for entry in table.values()])
    return list(table)[int(rng.choice(len(weights), p=weights / weights.sum()))]
