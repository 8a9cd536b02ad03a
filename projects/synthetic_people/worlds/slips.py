"""Gross mistakes of annotators: one side of the body, or of a limb, taken for the other."""

from __future__ import annotations

import dataclasses

import numpy as np

from uncertain_densepose.surface.parts import COARSE_PART_NAMES, FLIP_COARSE_PARTS

NO_SLIP, LEFT_RIGHT, FRONT_BACK = 0, 1, 2

_WITH_TWIN = FLIP_COARSE_PARTS != np.arange(len(FLIP_COARSE_PARTS))
# Hands, feet and head tell front from back at a glance.
_WITH_TWO_SIDES = np.array(
    [name == "torso" or name.split()[0] in ("upper", "lower") for name in COARSE_PART_NAMES]
)


@dataclasses.dataclass(frozen=True)
class Slips:
    """All points of a coarse part of a person slip together.

    Attributes:
        left_right: probability, at visible factor v = 1, that a limb, hand or foot is taken for its
            twin: it is clicked on the twin, in the same view and place.
        front_back: probability, at v = 1, that front and back of the torso or of a limb are
            confused: each click is made at its place in the opposite view.

    Both grow as v^2: with smallness, occlusion, blur and grazing view, see `scales`.
    """

    left_right: float = 0.015
    front_back: float = 0.010

    def draw(self, visible: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw the slips of a person.

        Args:
            visible: (..., 15) v of each coarse part.
            rng: draws them.

        Returns:
            (..., 15) `NO_SLIP`, `LEFT_RIGHT` or `FRONT_BACK`.
        """
        first = self.left_right * visible**2 * _WITH_TWIN
        second = self.front_back * visible**2 * _WITH_TWO_SIDES
        drawn = rng.random(visible.shape)
        return np.select([drawn < first, drawn < first + second], [LEFT_RIGHT, FRONT_BACK], NO_SLIP)

    @staticmethod
    def apply(
        slip: np.ndarray, coarse: np.ndarray, view: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The coarse part and the view on which points are clicked.

        Args:
            slip: (P,) as drawn for the points' coarse parts.
            coarse: (P,) coarse parts 1..14.
            view: (P,) 0..5.

        Returns:
            (P,) coarse parts and (P,) views.
        """
        twin = np.where(slip == LEFT_RIGHT, FLIP_COARSE_PARTS[coarse], coarse)
        return twin, np.where(slip == FRONT_BACK, view ^ 1, view)
