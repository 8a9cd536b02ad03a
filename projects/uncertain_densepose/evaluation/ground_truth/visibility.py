"""Whether a limb's joints can be seen, by the keypoints of COCO's annotation.

Annotated points always lie on visible surface, so they have no visibility of their own. But a limb
that is partly hidden, or that leaves the image, is harder to read than one in full view, and COCO's
keypoints say which it is.
"""

from __future__ import annotations

import numpy as np

from ...structures.coco_annotation import AnnotationError
from ...surface import FINE_TO_COARSE

VISIBILITY_NAMES = ("unlabelled joints", "hidden joints", "visible joints")
"""Names of COCO's visibility flags 0, 1, 2: a joint that is not labelled, mostly because it lies
outside the image; labelled, but hidden; visible."""

UNKNOWN = 255
"""The visibility of points of a person without keypoints."""

_NUM_KEYPOINTS = 17

_JOINTS_OF_COARSE_PART = {
    1: (5, 6, 11, 12),  # torso: shoulders, hips
    2: (10,),  # right hand: wrist
    3: (9,),
    4: (15,),  # left foot: ankle
    5: (16,),
    6: (12, 14),  # upper leg right: hip, knee
    7: (11, 13),
    8: (14, 16),  # lower leg right: knee, ankle
    9: (13, 15),
    10: (5, 7),  # upper arm left: shoulder, elbow
    11: (6, 8),
    12: (7, 9),  # lower arm left: elbow, wrist
    13: (8, 10),
    14: (0,),  # head: nose
}
"""COCO's keypoints of each coarse part."""


def read_visibility(annotation: dict) -> np.ndarray | None:
    """The visibility flag of each of COCO's keypoints, (17,) int64 0..2.

    Returns:
        None without `keypoints`, or if their number is not that of COCO's skeleton.

    Raises:
        AnnotationError: a flag is not 0, 1 or 2.
    """
    keypoints = annotation.get("keypoints")
    if not isinstance(keypoints, list) or len(keypoints) != 3 * _NUM_KEYPOINTS:
        return None
    flags = keypoints[2::3]
    if any(flag not in (0, 1, 2) for flag in flags):
        raise AnnotationError("keypoints", "has a visibility that is not 0, 1 or 2")
    return np.array(flags, dtype=np.int64)


def point_visibility(part: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
    """The visibility of the least visible joint of the limb on which each point lies.

    Args:
        part: (P,) charts 1..24.
        flags: (17,) as of `read_visibility`, or None.

    Returns:
        (P,) uint8, an index of `VISIBILITY_NAMES`; `UNKNOWN` without flags.
    """
    if flags is None:
        return np.full(len(part), UNKNOWN, dtype=np.uint8)
    of_coarse_part = np.full(len(_JOINTS_OF_COARSE_PART) + 1, UNKNOWN, dtype=np.uint8)
    for coarse, joints in _JOINTS_OF_COARSE_PART.items():
        of_coarse_part[coarse] = flags[list(joints)].min()
    return of_coarse_part[FINE_TO_COARSE[part]]
