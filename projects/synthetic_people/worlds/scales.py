"""How large a group's error is: half of it visible in the picture, half the annotator's.

The scale of group g is ``base v_g h_g`` with

    log v_g = tau clip((d_g - mean d) / (standard deviation of d), -2.5, 2.5)
    log h_g = a_k + e_g - c,   a_k of annotator k, e_g ~ N(0, (1 - share) tau^2)

d_g is the visible difficulty of the group: the score that the rendered data set's own noise model
gives to smallness, occlusion, blur and view angle (`noise.FEATURE_NAMES`), recovered from the
sigma_g that it stores; what depends on the part alone is taken out. Each person is annotated by one
of a fixed number of annotators, whose a_k are normal quantiles scaled to variance share tau^2. So,
over the groups of a data set, Var(log v) and Var(log h) are both tau^2 (the first but for the
clipping): that is what "half visible" means. c makes the mean of h^2 one: base v_g is the root mean
square of the scale given the picture.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.special import ndtri

from uncertain_densepose.surface import NUM_PARTS

from ..noise import LabelNoiseModel
from .base import generator

DIFFICULTY_MEAN, DIFFICULTY_SD = 0.45, 0.57
"""Of d over the groups of the rendered data sets (measured on the preset demo)."""

_NOISE = LabelNoiseModel()


def typical_sigma_uv() -> np.ndarray:
    """(25,) sigma_g of each part at the mean difficulty, chart units; entry 0 has no meaning."""
    parts = np.arange(NUM_PARTS + 1)
    score = _NOISE.shift.bias + np.asarray(_NOISE.part_bias)[parts] + DIFFICULTY_MEAN
    return _NOISE.shift.low + (_NOISE.shift.high - _NOISE.shift.low) / (1 + np.exp(-score))


def visible_difficulty(part: np.ndarray, rendered_shared_variance: np.ndarray) -> np.ndarray:
    """d of points: `noise.LabelNoiseModel.shift` inverted, without its bias and the part's.

    Args:
        part: (P,) charts 1..24.
        rendered_shared_variance: (P,) sigma_g^2 as rendered, chart units^2.

    Returns:
        (P,) scores.
    """
    low, high = _NOISE.shift.low, _NOISE.shift.high
    # Stored values are rounded and may lie at the ends of the range, where the score is infinite.
    share = np.clip((np.sqrt(rendered_shared_variance) - low) / (high - low), 1e-3, 1 - 1e-3)
    score = np.log(share / (1 - share))
    return score - _NOISE.shift.bias - np.asarray(_NOISE.part_bias)[part]


@dataclasses.dataclass(frozen=True)
class GroupScales:
    """The two halves of a group's scale.

    Attributes:
        log_sd: tau, the standard deviation of either half's logarithm.
        num_annotators: of the data set.
        annotator_share: of the hidden half's variance that is the annotator's for all that he does;
            the rest is each group's own.
        max_deviation: the clipping of the visible half, in standard deviations.
    """

    log_sd: float = 0.35
    num_annotators: int = 20
    annotator_share: float = 0.5
    max_deviation: float = 2.5

    def visible(self, difficulty: np.ndarray) -> np.ndarray:
        """v, of the shape of ``difficulty`` (see `visible_difficulty`), without unit."""
        deviation = (difficulty - DIFFICULTY_MEAN) / DIFFICULTY_SD
        return np.exp(self.log_sd * np.clip(deviation, -self.max_deviation, self.max_deviation))

    def annotator_log_scale(self) -> np.ndarray:
        """(num_annotators,) a_k, of mean 0 and variance annotator_share log_sd^2 exactly."""
        quantile = ndtri((np.arange(self.num_annotators) + 0.5) / self.num_annotators)
        return quantile / quantile.std() * self.log_sd * np.sqrt(self.annotator_share)

    def hidden(self, annotation_id: int, seed: int) -> tuple[np.ndarray, int]:
        """h of all groups of a person.

        Args:
            annotation_id: of the person.
            seed: of the annotators, at least 0.

        Returns:
            (25,) factors, indexed by the group's number (a fine or a coarse part), and the number
            of the person's annotator.
        """
        rng = generator(seed, annotation_id, "scale")
        log_scale = self.annotator_log_scale()
        annotator = int(rng.integers(self.num_annotators))
        own_variance = (1 - self.annotator_share) * self.log_sd**2
        own = rng.normal(size=NUM_PARTS + 1) * np.sqrt(own_variance)
        # E h^2 = E exp(2 a) exp(2 own_variance - 2 c) = 1
        c = 0.5 * np.log(np.exp(2 * log_scale).mean()) + own_variance
        return np.exp(log_scale[annotator] + own - c), annotator

    def as_dict(self) -> dict:
        """All constants."""
        return {
            "formula": "log v = log_sd clip((d - difficulty_mean) / difficulty_sd, +-max_deviation)"
            "; log h = a_annotator + e_group - c; mean of h^2 is 1",
            "difficulty_mean": DIFFICULTY_MEAN,
            "difficulty_sd": DIFFICULTY_SD,
            **dataclasses.asdict(self),
            "annotator_log_scale": np.round(self.annotator_log_scale(), 5).tolist(),
        }
