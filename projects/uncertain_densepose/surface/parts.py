"""The part tables of dense pose: 24 fine charts, 14 coarse parts, and their left/right flip.

The order is that of DensePose-COCO's annotation (Guler, Neverova, Kokkinos, "DensePose: Dense Human
Pose Estimation in the Wild", CVPR 2018). Index 0 is the background in every table.
"""

from __future__ import annotations

import numpy as np

NUM_PARTS = 24
"""Number of charts. Part indices run from 1 to ``NUM_PARTS``; 0 is the background."""

NUM_COARSE_PARTS = 14
"""Number of coarse parts, 1 to ``NUM_COARSE_PARTS``; 0 is the background."""

PART_NAMES: tuple[str, ...] = (
    "background",
    "torso back",
    "torso front",
    "right hand",
    "left hand",
    "left foot",
    "right foot",
    "upper leg back right",
    "upper leg back left",
    "upper leg front right",
    "upper leg front left",
    "lower leg back right",
    "lower leg back left",
    "lower leg front right",
    "lower leg front left",
    "upper arm inner left",
    "upper arm inner right",
    "upper arm outer left",
    "upper arm outer right",
    "lower arm inner left",
    "lower arm inner right",
    "lower arm outer left",
    "lower arm outer right",
    "head right",
    "head left",
)
"""Name of each fine part, (25,)."""

COARSE_PART_NAMES: tuple[str, ...] = (
    "background",
    "torso",
    "right hand",
    "left hand",
    "left foot",
    "right foot",
    "upper leg right",
    "upper leg left",
    "lower leg right",
    "lower leg left",
    "upper arm left",
    "upper arm right",
    "lower arm left",
    "lower arm right",
    "head",
)
"""Name of each coarse part, the parts that ``dp_masks`` of an annotation are drawn for, (15,)."""


def _constant(values: list[int]) -> np.ndarray:
    table = np.array(values, dtype=np.int64)
    table.setflags(write=False)
    return table


FINE_TO_COARSE = _constant(
    [0, 1, 1, 2, 3, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 14]
)
"""Coarse part of each fine part, (25,) int64, read-only."""

FLIP_PARTS = _constant(
    [0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23]
)
"""Fine part of the mirrored person for each fine part, (25,) int64, read-only. An involution."""

FLIP_COARSE_PARTS = _constant([0, 1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14])
"""Coarse part of the mirrored person for each coarse part, (15,) int64, read-only."""

SELF_MIRRORED_PARTS = _constant([1, 2])
"""Parts that a reflection maps to themselves (the torso): there ``u`` becomes ``1 - u``."""
