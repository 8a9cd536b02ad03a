"""How annotators err: the noise that synthetic labels carry, and its parameters.

Within a group g (the points of one chart of one person) a label differs from the truth by

    delta_i = z_g + r_i eta_i + xi_i,   z_g ~ N(0, sigma_g^2 I), eta_i ~ N(0, 1), xi_i ~ N(0, s_i I)

(Neverova, Novotny, Vedaldi, "Correlated Uncertainty for Learning Dense Correspondences from Noisy
Labels", NeurIPS 2019): the whole part is shifted, each point slips along a direction, and each
point jitters. All sizes are smooth functions of what the image shows of the person, so that a
network can learn them. Labels are clipped to the chart's square, which is rare (see the data set's
``info``); the parameters describe the noise before clipping.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from uncertain_densepose.surface import NUM_PARTS

REFERENCE_HEIGHT_PX = 160.0

FEATURE_NAMES = ("smallness", "occlusion", "blur", "grazing", "eccentricity")
"""Columns of the features, each about 0 for an easy and 1 for a hard point.

smallness: log2(160 / height of the whole person in pixels).
occlusion: share of the part's camera-facing skin that is hidden or outside the image.
blur: standard deviation of the image's blur, pixels.
grazing: 1 - cosine of the angle between the skin's normal and the direction to the camera.
eccentricity: distance from the chart's centre (0.5, 0.5), divided by 0.5.
"""

# Hands, feet and head have landmarks; thighs, upper arms and the back have not.
_HARD_PARTS = (1, 7, 8, 9, 10, 15, 16, 17, 18)
_MARKED_PARTS = (3, 4, 5, 6, 23, 24)


def _part_bias() -> tuple[float, ...]:
    bias = np.zeros(NUM_PARTS + 1)
    bias[list(_HARD_PARTS)] = 0.6
    bias[list(_MARKED_PARTS)] = -0.4
    return tuple(bias.tolist())


@dataclasses.dataclass(frozen=True)
class Size:
    """A standard deviation: ``low + (high - low) logistic(bias + part bias + weights . features)``.

    Attributes:
        low, high: its range, chart units.
        bias: a number.
        weights: one for each of `FEATURE_NAMES`.
    """

    low: float
    high: float
    bias: float
    weights: tuple[float, ...]

    def __call__(self, part: np.ndarray, features: np.ndarray, part_bias) -> np.ndarray:
        """(N,) chart units for (N,) parts and (N, 5) features."""
        score = self.bias + np.asarray(part_bias)[part] + features @ np.array(self.weights)
        return self.low + (self.high - self.low) / (1 + np.exp(-score))


@dataclasses.dataclass(frozen=True)
class LabelNoiseModel:
    """The annotators.

    Attributes:
        jitter: sqrt(s), of a point.
        slip: length of r, of a point.
        shift: sigma_g, of a group; uses the group's mean features.
        part_bias: added to every score, by part 0..24.
        tilt_rad: angle of r from the v axis at u = 0.5, by part; it is the same on both sides of
            the body and zero on the torso, so that a mirrored image obeys the same model.
        fan_rad: change of that angle per unit of u.
    """

    jitter: Size = Size(0.01, 0.04, -1.6, (0.9, 1.0, 0.5, 1.0, 0.5))
    slip: Size = Size(0.01, 0.05, -1.0, (0.7, 0.9, 0.2, 0.6, 0.8))
    shift: Size = Size(0.02, 0.05, -1.3, (0.9, 1.8, 0.4, 0.4, 0.0))
    part_bias: tuple[float, ...] = dataclasses.field(default_factory=_part_bias)
    tilt_rad: tuple[float, ...] = tuple(
        0.0 if part < 3 else round(0.25 * float(np.sin(1.7 * ((part + 1) // 2))), 3)
        for part in range(NUM_PARTS + 1)
    )
    fan_rad: float = 0.5

    def as_dict(self) -> dict:
        """All constants, for the data set's ``info``."""
        return {
            "formula": "delta_i = z_g + r_i eta_i + xi_i; z_g ~ N(0, sigma_g^2 I), "
            "eta_i ~ N(0, 1), xi_i ~ N(0, s_i I); group g: the points of one dp_I of one person; "
            "labels are clipped to [0, 1]",
            "features": list(FEATURE_NAMES),
            "reference_height_px": REFERENCE_HEIGHT_PX,
            **dataclasses.asdict(self),
        }

    def parameters(self, part: np.ndarray, uv: np.ndarray, features: np.ndarray) -> PointNoise:
        """Noise parameters of the points of one person.

        Args:
            part: (P,) integer parts, 1..24.
            uv: (P, 2) true chart coordinates.
            features: (P, 5), see `FEATURE_NAMES`.
        """
        part = np.asarray(part, dtype=np.int64)
        jitter = self.jitter(part, features, self.part_bias)
        length = self.slip(part, features, self.part_bias)
        angle = np.asarray(self.tilt_rad)[part] + self.fan_rad * (uv[:, 0] - 0.5)
        direction = length[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
        groups, group = np.unique(part, return_inverse=True)
        count = np.maximum(np.bincount(group), 1)
        mean = np.stack([np.bincount(group, column) / count for column in features.T], axis=1)
        shift = self.shift(groups, mean, self.part_bias)
        return PointNoise(jitter**2, direction, (shift**2)[group], group)


@dataclasses.dataclass(frozen=True, eq=False)
class PointNoise:
    """Parameters of the noise of P points, chart units.

    Attributes:
        variance: (P,) s_i.
        direction: (P, 2) r_i.
        shared_variance: (P,) sigma_g^2 of the point's group.
        group: (P,) group of each point, 0..G-1.
    """

    variance: np.ndarray
    direction: np.ndarray
    shared_variance: np.ndarray
    group: np.ndarray

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw errors.

        Returns:
            (P, 2) errors delta_i, and (P, 2) the part z_g of them that the group shares.
        """
        count = len(self.group)
        num_groups = int(self.group.max()) + 1 if count else 0
        shared = rng.normal(size=(num_groups, 2))[self.group]
        shared = shared * np.sqrt(self.shared_variance)[:, None]
        slip = self.direction * rng.normal(size=(count, 1))
        jitter = rng.normal(size=(count, 2)) * np.sqrt(self.variance)[:, None]
        return shared + slip + jitter, shared
