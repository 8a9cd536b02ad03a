"""Errors of the joint model's own family, with the parameters that the worlds `shared` and `iid`
have in common:

    delta_i = z + r_i eta_i + xi_i,   z ~ N(0, sigma_g^2 I), eta_i ~ N(0, 1), xi_i ~ N(0, s_i I).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .base import TruePoints, generator
from .scales import GroupScales, typical_sigma_uv, visible_difficulty

FAMILY_FORMULA = (
    "delta_i = z + r_i eta_i + xi_i; z ~ N(0, sigma_g^2 I), eta_i ~ N(0, 1), xi_i ~ N(0, s_i I); "
    "sigma_g = typical_sigma_uv[part] v_g h_g; s_i and r_i as rendered; group g: the points of one "
    "dp_I of one person; labels are clipped to [0, 1]"
)


@dataclasses.dataclass(frozen=True, eq=False)
class FamilyParameters:
    """Parameters of P points.

    Attributes:
        group_variance: (P,) sigma_g^2, chart units^2.
        visible_variance: (P,) the mean of sigma_g^2 given the picture, chart units^2.
        annotator: the person's.
    """

    group_variance: np.ndarray
    visible_variance: np.ndarray
    annotator: int


def family_parameters(points: TruePoints, seed: int, scales: GroupScales) -> FamilyParameters:
    """The parameters of a person's points: the same in both worlds."""
    difficulty = visible_difficulty(points.part, points.rendered_shared_variance)
    visible = (typical_sigma_uv()[points.part] * scales.visible(difficulty)) ** 2
    hidden, annotator = scales.hidden(points.annotation_id, seed)
    return FamilyParameters(visible * hidden[points.part] ** 2, visible, annotator)


def independent_errors(points: TruePoints, rng: np.random.Generator) -> np.ndarray:
    """(P, 2) r_i eta_i + xi_i, chart units."""
    count = len(points.part)
    slip = points.direction * rng.normal(size=(count, 1))
    return slip + rng.normal(size=(count, 2)) * np.sqrt(points.variance)[:, None]


def error_generator(points: TruePoints, seed: int, world: str) -> np.random.Generator:
    """Random numbers for the errors of a person in a world."""
    return generator(seed, points.annotation_id, f"{world} errors")


def family_dict(scales: GroupScales) -> dict:
    """All constants of the family."""
    return {
        "typical_sigma_uv": np.round(typical_sigma_uv(), 5).tolist(),
        "scales": scales.as_dict(),
    }
