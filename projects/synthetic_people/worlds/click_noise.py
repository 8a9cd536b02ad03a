"""How clicks on a view of a part miss: the part as a whole is shifted, turned and scaled, and each
click misses on its own, all with heavy tails.

A point that appears at q on the view is clicked at

    c + t + exp(k) Rot(phi) (q - c) + j

with c the mean of the points that the annotator clicks on that view. With f the group's scale
(`scales`) and T a Student t variable scaled to variance 1, t has standard deviation ``shift f`` in
either direction of the view, phi ``turn_rad f``, k ``log_size f`` and j ``jitter f``. One division
by the same root of a chi-square makes t, phi and k heavy-tailed together: an annotator who gets a
part wrong gets it wrong in every way.

Shapes: P points, K (part, view) pairs, R repeats of the annotation.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from uncertain_densepose.surface.parts import COARSE_PART_NAMES

_SIZES_CM = {
    # shift, jitter
    "torso": (3.0, 1.5),
    "hand": (0.8, 0.5),
    "foot": (1.0, 0.6),
    "upper leg": (2.5, 1.3),
    "lower leg": (2.0, 1.1),
    "upper arm": (1.8, 1.0),
    "lower arm": (1.5, 0.8),
    "head": (1.0, 0.6),
}


def _by_coarse_part(column: int) -> tuple[float, ...]:
    names = [name.removeprefix("right ").removeprefix("left ") for name in COARSE_PART_NAMES[1:]]
    names = [name.removesuffix(" right").removesuffix(" left") for name in names]
    return (0.0, *(_SIZES_CM[name][column] for name in names))


@dataclasses.dataclass(frozen=True)
class ClickNoise:
    """The sizes of the annotators' errors.

    DensePose's authors measured their annotators on rendered people and report small errors on
    face, hands and feet and larger ones, of a few centimetres, on uniform parts that clothes cover,
    such as torso and thighs; that order is taken over, the numbers are this project's.

    Attributes:
        shift_cm, jitter_cm: (15,) standard deviations per direction of the view, by coarse part.
        turn_rad: standard deviation of the turn.
        log_size: standard deviation of the logarithm of the scaling.
        degrees_of_freedom: of Student's t; its fourth moment is infinite at 4.
    """

    shift_cm: tuple[float, ...] = _by_coarse_part(0)
    jitter_cm: tuple[float, ...] = _by_coarse_part(1)
    turn_rad: float = 0.08
    log_size: float = 0.06
    degrees_of_freedom: float = 4.0

    def clicks(
        self,
        xy: np.ndarray,
        coarse: np.ndarray,
        group: np.ndarray,
        factor: np.ndarray,
        repeats: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw clicks.

        Args:
            xy: (P, 2) metres, where the points appear on the views they are clicked on.
            coarse: (P,) coarse parts 1..14.
            group: (P,) 0..K-1, which (part, view) pair a point belongs to.
            factor: (P,) f, the same for all points of a pair.
            repeats: R.
            rng: draws the errors.

        Returns:
            (R, P, 2) metres on the views.
        """
        count = max(int(group.max(initial=-1)) + 1, 0)
        common = rng.normal(size=(repeats, count, 4)) * self._tail(rng, (repeats, count, 1))
        own = rng.normal(size=(repeats, len(xy), 2)) * self._tail(rng, (repeats, len(xy), 1))
        common = common[:, group] * factor[:, None]
        shift = common[..., :2] * np.asarray(self.shift_cm)[coarse, None] / 100
        turn, log_size = common[..., 2] * self.turn_rad, common[..., 3] * self.log_size
        jitter = own * (factor * np.asarray(self.jitter_cm)[coarse])[:, None] / 100
        # As complex numbers, turning and scaling are one product.
        centre = _group_means(xy, group, count)[group]
        offset = (xy - centre) @ np.array([1, 1j])
        turned = offset * np.exp(log_size + 1j * turn)
        return centre + shift + np.stack([turned.real, turned.imag], axis=-1) + jitter

    def _tail(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """What makes normal variables Student's, of variance 1."""
        return np.sqrt(
            (self.degrees_of_freedom - 2) / rng.chisquare(self.degrees_of_freedom, shape)
        )


def _group_means(values: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """(K, 2) means of (P, 2) values."""
    number = np.maximum(np.bincount(group, minlength=count), 1)
    total = [np.bincount(group, column, minlength=count) for column in values.T]
    return np.stack(total, axis=1) / number[:, None]
