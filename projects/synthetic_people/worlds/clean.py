"""The world `clean`: labels are the truth."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from .base import Relabelling, TruePoints


@dataclasses.dataclass(frozen=True)
class CleanWorld:
    """No errors."""

    changes_parts: ClassVar[bool] = False
    noise_fields: ClassVar[dict[str, str]] = {
        "variance": "0",
        "direction": "0",
        "shared_variance": "0",
    }

    def parameters(self) -> dict:
        """All constants, for ``info.noise_world``."""
        return {"formula": "delta_i = 0"}

    def relabel(self, points: TruePoints, seed: int) -> Relabelling:
        """See `World.relabel`."""
        zero = np.zeros(len(points.part))
        noise = {
            "variance": zero,
            "direction": np.zeros_like(points.uv),
            "shared_variance": zero,
        }
        return Relabelling(points.part, points.uv, noise)
