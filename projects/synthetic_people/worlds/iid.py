"""The world `iid`: each point's error is distributed as in `shared`, but independent of others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from .family import FamilyWorld


class IidWorld(FamilyWorld):
    """Each point has a z of its own, with the variance of its group in `shared` at that seed."""

    name: ClassVar[str] = "iid"
    one_z_per: ClassVar[str] = "point"
    noise_fields: ClassVar[dict[str, str]] = {
        "annotator": "number of the person's annotator",
        "variance": "s_i + sigma_g^2, chart units^2",
        "direction": "r_i, chart units",
        "shared_variance": "0: nothing is shared",
        "offset_variance": "sigma_g^2, chart units^2, of the point's own z",
        "visible_variance": "mean of sigma_g^2 given the picture, chart units^2",
    }

    def offsets(self, part: np.ndarray, sigma: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return rng.normal(size=(len(part), 2)) * sigma[:, None]

    def entries(
        self, variance: np.ndarray, group_variance: np.ndarray, offset: np.ndarray
    ) -> dict[str, np.ndarray]:
        return {
            "variance": variance + group_variance,
            "shared_variance": np.zeros(len(variance)),
            "offset_variance": group_variance,
        }
