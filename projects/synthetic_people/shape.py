"""Random body shapes: the phenotypes of the free body model, children to the old."""

from __future__ import annotations

import numpy as np

_TEEN_SHARE = 0.2


def sample_phenotypes(rng: np.random.Generator) -> dict[str, float]:
    """Draw the shape parameters of one person, for `BodyModel.pose`.

    Stature is between about 1.4 and 2.0 m: on anny's scale an adult gains 11 cm for each 0.1 of
    ``height``, and a teenager is an adult of a smaller ``age``.

    Returns:
        phenotype -> value in [0, 1].
    """
    teen = rng.random() < _TEEN_SHARE
    age = rng.uniform(0.5, 0.64) if teen else rng.uniform(0.64, 0.97)
    ancestry = rng.dirichlet([0.6, 0.6, 0.6])
    return {
        "age": float(age),
        # Most bodies are near one of the two ends, as people are.
        "gender": float(rng.beta(0.35, 0.35)),
        "weight": _normal(rng, 0.5, 0.2, 0.12, 0.95),
        "muscle": _normal(rng, 0.5, 0.17, 0.15, 0.9),
        "height": _normal(rng, 0.37, 0.07, 0.22, 0.52),
        "proportions": float(rng.uniform(0.2, 0.85)),
        "cupsize": float(rng.uniform(0.2, 0.8)),
        "firmness": float(rng.uniform(0.3, 0.8)),
        "african": float(ancestry[0]),
        "asian": float(ancestry[1]),
        "caucasian": float(ancestry[2]),
    }


def sample_child_phenotypes(rng: np.random.Generator) -> dict[str, float]:
    """The same of a child, from one that can just walk to about twelve years.

    Returns:
        phenotype -> value in [0, 1].
    """
    child = sample_phenotypes(rng)
    return child | {
        "age": float(rng.uniform(0.12, 0.5)),
        "muscle": _normal(rng, 0.45, 0.1, 0.2, 0.7),
        "cupsize": 0.2,
    }


def _normal(rng: np.random.Generator, mean: float, spread: float, low: float, high: float) -> float:
    return float(np.clip(rng.normal(mean, spread), low, high))
