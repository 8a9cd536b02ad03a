"""How much a model counts at a point, by the probability that it gives to the fused part."""

from __future__ import annotations

import torch

MIN_RELATIVE_PROBABILITY = 0.1
"""A model whose probability of the part is below this share of the surest model's does not enter:
the coordinates that a network gives in a chart which it does not see are not trained."""


def part_weights(log_probability: torch.Tensor) -> torch.Tensor:
    """w_k = p_k / max_l p_l, and 0 where that is below `MIN_RELATIVE_PROBABILITY`.

    A precision is multiplied by w, a part of a mixture has the share w_k / Σ_l w_l. The surest
    model has weight 1, so that models which agree on the part all have it, and one model alone is
    itself.

    Args:
        log_probability: (M, ...) log p_k, what each of M models gives to the part.

    Returns:
        (M, ...) float64 in [0, 1].
    """
    log_probability = log_probability.double()
    weight = (log_probability - log_probability.amax(dim=0)).exp()
    return torch.where(weight < MIN_RELATIVE_PROBABILITY, 0, weight)
