"""Random plausible poses: a stance for the legs, a gesture for each arm, a posture for the trunk.

Each is a table of (mean, spread) per joint angle; a sample is normal, then clipped to the joint's
limits. Directions and signs are those of `joints.JOINT_LIMITS_DEG`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from .joints import SIDES, clip_to_limits

Angles = Mapping[str, tuple[float, float]]
"""Joint angle -> (mean, standard deviation), degrees."""


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


STANCES: dict[str, Stance] = {
    "stand": Stance(
        weight=4.0,
        leading={
            "hip_flexion": (2, 4),
            "hip_abduction": (3, 4),
            "hip_rotation": (-8, 6),
            "knee_flexion": (4, 4),
        },
        trailing={
            "hip_flexion": (0, 3),
            "hip_abduction": (3, 4),
            "hip_rotation": (-8, 6),
            "knee_flexion": (3, 3),
        },
    ),
    "contrapposto": Stance(
        weight=2.5,
        leading={
            "hip_flexion": (16, 6),
            "hip_abduction": (9, 4),
            "hip_rotation": (-18, 8),
            "knee_flexion": (26, 8),
        },
        trailing={
            "hip_flexion": (0, 3),
            "hip_abduction": (-2, 3),
            "hip_rotation": (-5, 5),
            "knee_flexion": (2, 2),
        },
        trunk={"spine_bend": (0, 5)},
    ),
    "wide": Stance(
        weight=1.2,
        leading={
            "hip_flexion": (6, 5),
            "hip_abduction": (19, 7),
            "hip_rotation": (-15, 8),
            "knee_flexion": (8, 6),
        },
        trailing={
            "hip_flexion": (6, 5),
            "hip_abduction": (19, 7),
            "hip_rotation": (-15, 8),
            "knee_flexion": (8, 6),
        },
    ),
    "walk": Stance(
        weight=3.5,
        leading={"hip_flexion": (26, 6), "hip_abduction": (0, 2), "knee_flexion": (8, 5)},
        trailing={"hip_flexion": (-13, 4), "hip_abduction": (0, 2), "knee_flexion": (22, 12)},
        trunk={"spine_flexion": (4, 3), "spine_twist": (0, 8)},
        arm_swing=24.0,
    ),
    "run": Stance(
        weight=0.8,
        leading={"hip_flexion": (55, 12), "knee_flexion": (75, 15), "ankle_flexion": (0, 8)},
        trailing={"hip_flexion": (-12, 5), "knee_flexion": (45, 20), "ankle_flexion": (-25, 6)},
        trunk={"pelvis_tilt": (8, 4), "spine_flexion": (10, 5), "spine_twist": (0, 10)},
        arm_swing=40.0,
    ),
    "step_up": Stance(
        weight=0.8,
        leading={"hip_flexion": (60, 14), "hip_abduction": (5, 5), "knee_flexion": (70, 14)},
        trailing={"hip_flexion": (0, 4), "hip_abduction": (2, 3), "knee_flexion": (5, 4)},
    ),
    "crouch": Stance(
        weight=0.8,
        leading={"hip_flexion": (65, 14), "hip_abduction": (12, 6), "knee_flexion": (75, 15)},
        trailing={"hip_flexion": (60, 14), "hip_abduction": (12, 6), "knee_flexion": (72, 15)},
        trunk={"pelvis_tilt": (15, 6), "spine_flexion": (18, 8)},
    ),
    "sit": Stance(
        weight=1.6,
        leading={"hip_flexion": (84, 6), "hip_abduction": (7, 6), "knee_flexion": (86, 12)},
        trailing={"hip_flexion": (82, 6), "hip_abduction": (7, 6), "knee_flexion": (82, 14)},
        trunk={"spine_flexion": (8, 8)},
        seated=True,
    ),
}

GESTURES: dict[str, Gesture] = {
    "hang": Gesture(
        weight=5.0,
        paired=0.65,
        angles={
            "shoulder_elevation": (6, 5),
            "shoulder_azimuth": (30, 40),
            "elbow_flexion": (18, 10),
            "forearm_pronation": (10, 20),
        },
    ),
    "hand_in_front": Gesture(
        weight=2.0,
        paired=0.6,
        angles={
            "shoulder_elevation": (24, 8),
            "shoulder_azimuth": (45, 15),
            "shoulder_rotation": (42, 12),
            "elbow_flexion": (80, 16),
            "forearm_pronation": (20, 25),
            "wrist_flexion": (5, 12),
        },
    ),
    "hand_on_chest": Gesture(
        weight=0.8,
        paired=0.3,
        angles={
            "shoulder_elevation": (34, 8),
            "shoulder_azimuth": (55, 12),
            "shoulder_rotation": (55, 10),
            "elbow_flexion": (115, 8),
            "forearm_pronation": (25, 20),
        },
    ),
    "folded": Gesture(
        weight=0.9,
        paired=0.95,
        angles={
            "shoulder_elevation": (30, 6),
            "shoulder_azimuth": (62, 8),
            "shoulder_rotation": (64, 8),
            "elbow_flexion": (98, 7),
            "forearm_pronation": (15, 15),
        },
    ),
    "hand_on_hip": Gesture(
        weight=1.2,
        paired=0.55,
        angles={
            "shoulder_elevation": (40, 5),
            "shoulder_azimuth": (-18, 8),
            "shoulder_rotation": (72, 5),
            "elbow_flexion": (94, 7),
            "forearm_pronation": (10, 15),
        },
    ),
    "raised_sideways": Gesture(
        weight=1.2,
        paired=0.5,
        angles={
            "shoulder_elevation": (85, 18),
            "shoulder_azimuth": (15, 15),
            "shoulder_rotation": (-5, 25),
            "elbow_flexion": (30, 25),
            "forearm_pronation": (25, 25),
        },
    ),
    "raised_forward": Gesture(
        weight=1.3,
        paired=0.4,
        angles={
            "shoulder_elevation": (75, 18),
            "shoulder_azimuth": (80, 14),
            "shoulder_rotation": (5, 18),
            "elbow_flexion": (30, 22),
            "forearm_pronation": (30, 25),
        },
    ),
    "overhead": Gesture(
        weight=1.1,
        paired=0.45,
        angles={
            "shoulder_elevation": (145, 14),
            "shoulder_azimuth": (35, 18),
            "shoulder_rotation": (-5, 20),
            "elbow_flexion": (35, 22),
        },
    ),
    "wave": Gesture(
        weight=1.0,
        paired=0.15,
        angles={
            "shoulder_elevation": (72, 14),
            "shoulder_azimuth": (20, 15),
            "shoulder_rotation": (-52, 8),
            "elbow_flexion": (95, 18),
        },
    ),
    "hand_at_face": Gesture(
        weight=0.9,
        paired=0.15,
        angles={
            "shoulder_elevation": (48, 9),
            "shoulder_azimuth": (70, 10),
            "shoulder_rotation": (32, 10),
            "elbow_flexion": (133, 5),
        },
    ),
    "reach_low": Gesture(
        weight=0.9,
        paired=0.4,
        angles={
            "shoulder_elevation": (40, 14),
            "shoulder_azimuth": (65, 25),
            "elbow_flexion": (45, 20),
            "forearm_pronation": (15, 25),
        },
    ),
    "back": Gesture(
        weight=0.5,
        paired=0.5,
        angles={
            "shoulder_elevation": (28, 9),
            "shoulder_azimuth": (-48, 8),
            "elbow_flexion": (20, 14),
        },
    ),
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
