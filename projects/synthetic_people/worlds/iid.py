"""The world `iid`: the errors of each point are distributed as in `shared`, but independent."""

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
class IidWorld:
    """Each point has a z of its own, of the variance that its group has in the world `shared` at
    the same seed."""

    scales: GroupScales = GroupScales()

    changes_parts: ClassVar[bool] = False
    noise_fields: ClassVar[dict[str, str]] = {
        "annotator": "number of the person's annotator",
        "variance": "s_i + sigma_g^2, chart units^2",
        "direction": "r_i, chart units",
        "shared_variance": "0: nothing is shared",
        "offset_variance": "sigma_g^2, chart units^2, of the point's own z",
        "visible_variance": "mean of sigma_g^2 given the picture, chart units^2",
    }

    def parameters(self) -> dict:
        """All constants, for ``info.noise_world``."""
        return {"formula": f"{FAMILY_FORMULA}; one z a point", **family_dict(self.scales)}

    def relabel(self, points: TruePoints, seed: int) -> Relabelling:
        drawn = family_parameters(points, seed, self.scales)
        rng = error_generator(points, seed, "iid")
        own = rng.normal(size=points.uv.shape) * np.sqrt(drawn.group_variance)[:, None]
        uv = points.uv + own + independent_errors(points, rng)
        noise = {
            "annotator": drawn.annotator,
            "variance": points.variance + drawn.group_variance,
            "direction": points.direction,
            "shared_variance": np.zeros(len(points.part)),
            "offset_variance": drawn.group_variance,
            "visible_variance": drawn.visible_variance,
        }
        return Relabelling(points.part, np.clip(uv, 0.0, 1.0), noise)
