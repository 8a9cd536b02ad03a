"""The world `shared`: the joint model is true, and half of a group's scale can be seen."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from .base import Relabelling, TruePoints
from .family import (
    FAMILY_FORMULA,
    error_generator,
    family_dict,
    family_parameters,
    independent_errors,
)
from .scales import GroupScales


@dataclasses.dataclass(frozen=True)
class SharedWorld:
    """All points of a group have one z; see `family` for the errors, `scales` for their sizes."""

    scales: GroupScales = GroupScales()

    changes_parts: ClassVar[bool] = False
    noise_fields: ClassVar[dict[str, str]] = {
        "annotator": "number of the person's annotator",
        "variance": "s_i, chart units^2",
        "direction": "r_i, chart units",
        "shared_variance": "sigma_g^2, chart units^2",
        "visible_variance": "mean of sigma_g^2 given the picture, chart units^2",
        "shared_offset": "z_g, chart units",
    }

    def parameters(self) -> dict:
        """All constants, for ``info.noise_world``."""
        return {"formula": f"{FAMILY_FORMULA}; one z a group", **family_dict(self.scales)}

    def relabel(self, points: TruePoints, seed: int) -> Relabelling:
        drawn = family_parameters(points, seed, self.scales)
        rng = error_generator(points, seed, "shared")
        _, first, group = np.unique(points.part, return_index=True, return_inverse=True)
        sigma = np.sqrt(drawn.group_variance[first])
        shared = (rng.normal(size=(len(first), 2)) * sigma[:, None])[group]
        uv = points.uv + shared + independent_errors(points, rng)
        noise = {
            "annotator": drawn.annotator,
            "variance": points.variance,
            "direction": points.direction,
            "shared_variance": drawn.group_variance,
            "visible_variance": drawn.visible_variance,
            "shared_offset": shared,
        }
        return Relabelling(points.part, np.clip(uv, 0.0, 1.0), noise)
