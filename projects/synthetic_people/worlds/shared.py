"""The world `shared`: the joint model is true, and half of a group's scale can be seen."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from .family import FamilyWorld


class SharedWorld(FamilyWorld):
    """All points of a group have one z."""

    name: ClassVar[str] = "shared"
    one_z_per: ClassVar[str] = "group"
    noise_fields: ClassVar[dict[str, str]] = {
        "annotator": "number of the person's annotator",
        "variance": "s_i, chart units^2",
        "direction": "r_i, chart units",
        "shared_variance": "sigma_g^2, chart units^2",
        "visible_variance": "mean of sigma_g^2 given the picture, chart units^2",
        "shared_offset": "z_g, chart units",
    }

    def offsets(self, part: np.ndarray, sigma: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        _, first, group = np.unique(part, return_index=True, return_inverse=True)
        return (rng.normal(size=(len(first), 2)) * sigma[first, None])[group]

    def entries(
        self, variance: np.ndarray, group_variance: np.ndarray, offset: np.ndarray
    ) -> dict[str, np.ndarray]:
        return {
            "variance": variance,
            "shared_variance": group_variance,
            "shared_offset": offset,
        }
