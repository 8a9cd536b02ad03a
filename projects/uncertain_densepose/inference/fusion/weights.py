"""The weight of a model at a point, from its probability of the fused part."""

from __future__ import annotations

import torch

MIN_RELATIVE_PROBABILITY = 0.1
"""A model whose probability of the part is below this fraction of the highest one does not count:
its coordinates in a chart that it does not see are untrained."""


def part_weights(log_probability: torch.Tensor) -> torch.Tensor:
    """w_k = p_k / max_l p_l, and 0 where that is below `MIN_RELATIVE_PROBABILITY`.

    Products multiply precisions by w; mixtures have the weights w_k / Σ_l w_l. Models that are
    equally sure of the part all have weight 1, and a single model is unchanged.

    Args:
        log_probability: (M, ...) log p_k, each model's log-probability of the part.

    Returns:
        (M, ...) float64 in [0, 1].
    """
    log_probability = log_probability.double()
    weight = (log_probability - log_probability.amax(dim=0)).exp()
    return torch.where(weight < MIN_RELATIVE_PROBABILITY, 0, weight)
