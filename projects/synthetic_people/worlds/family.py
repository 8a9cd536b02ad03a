"""Errors of the joint model's own family, which the worlds `shared` and `iid` draw:

    delta_i = z + r_i eta_i + xi_i,   z ~ N(0, sigma_g^2 I), eta_i ~ N(0, 1), xi_i ~ N(0, s_i I).

Both have the same parameters at the same seed: s_i and r_i as rendered, sigma_g by `scales`. They
differ in what has a z of its own.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import ClassVar

import numpy as np

from .base import Relabelling, TruePoints, generator
from .scales import GroupScales, typical_sigma_uv, visible_difficulty


@dataclasses.dataclass(frozen=True)
class FamilyWorld(abc.ABC):
    """A world of the family; see `World`.

    Attributes:
        scales: the sizes of sigma_g.
        name: of the world; its errors have random numbers of their own.
        one_z_per: what has a z of its own, in words.
    """

    scales: GroupScales = GroupScales()

    changes_parts: ClassVar[bool] = False
    noise_fields: ClassVar[dict[str, str]]
    name: ClassVar[str]
    one_z_per: ClassVar[str]

    def parameters(self) -> dict:
        """All constants, for ``info.noise_world``."""
        return {
            "formula": "delta_i = z + r_i eta_i + xi_i; z ~ N(0, sigma_g^2 I), eta_i ~ N(0, 1), "
            "xi_i ~ N(0, s_i I); sigma_g = typical_sigma_uv[part] v_g h_g; s_i and r_i as "
            "rendered; group g: the points of one dp_I of one person; labels are clipped to "
            f"[0, 1]; one z a {self.one_z_per}",
            "typical_sigma_uv": np.round(typical_sigma_uv(), 5).tolist(),
            "scales": self.scales.as_dict(),
        }

    def relabel(self, points: TruePoints, seed: int) -> Relabelling:
        """See `World.relabel`."""
        difficulty = visible_difficulty(points.part, points.rendered_shared_variance)
        visible = (typical_sigma_uv()[points.part] * self.scales.visible(difficulty)) ** 2
        hidden, annotator = self.scales.hidden(points.annotation_id, seed)
        group_variance = visible * hidden[points.part] ** 2

        rng = generator(seed, points.annotation_id, f"{self.name} errors")
        offset = self.offsets(points.part, np.sqrt(group_variance), rng)
        slip = points.direction * rng.normal(size=(len(offset), 1))
        jitter = rng.normal(size=offset.shape) * np.sqrt(points.variance)[:, None]
        noise = {
            "annotator": annotator,
            "direction": points.direction,
            "visible_variance": visible,
            **self.entries(points.variance, group_variance, offset),
        }
        uv = np.clip(points.uv + offset + (slip + jitter), 0.0, 1.0)
        return Relabelling(points.part, uv, {name: noise[name] for name in self.noise_fields})

    @abc.abstractmethod
    def offsets(self, part: np.ndarray, sigma: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(P, 2) the z of each point, chart units, for (P,) charts and (P,) sigma_g."""

    @abc.abstractmethod
    def entries(
        self, variance: np.ndarray, group_variance: np.ndarray, offset: np.ndarray
    ) -> dict[str, np.ndarray]:
        """The entries of ``dp_noise`` that the worlds fill differently.

        Args:
            variance, group_variance: (P,) s_i and sigma_g^2, chart units^2.
            offset: (P, 2) of `offsets`.
        """
