"""Weights of a simpler noise model, the parent, as those of a richer one.

The first predictions are the parent's, see `NoiseModel.start_from`, and every layer that is added
has a gradient. At r = 0 the likelihood has none with respect to r, and at a shared variance of
almost nothing none with respect to what its softplus is taken of: neither would ever be learned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import nn

from .chart_predictor import DensePoseChartPredictor, NoiseModelMismatch
from .noise_models.base import softplus_inverse


def lacking_weights(
    model: nn.Module,
    state_dict: Iterable[str],
    biases: Mapping[str, torch.Tensor] | None = None,
) -> dict[str, torch.Tensor]:
    """What the weights of a parent lack to be the model's.

    Args:
        model: with the richer noise model.
        state_dict: names of the parent's weights.
        biases: (25,) or scalars from which fields of the noise model start, by their names;
            by default those of `NoiseModel.start_from`.

    Returns:
        Layers of weights zero by their names in `state_dict`; none if nothing is lacking, or the
        weights are of no parent and cannot be loaded.
    """
    return {
        name: values
        for path, module in model.named_modules()
        if isinstance(module, DensePoseChartPredictor)
        for name, values in module.lacking(
            state_dict, f"{path}." if path else "", biases or {}
        ).items()
    }


def with_shared_variance(
    full: nn.Module,
    state_dict: Mapping[str, torch.Tensor],
    variance: Sequence[float] | torch.Tensor,
) -> dict[str, torch.Tensor]:
    """The weights of `full` that predict what an independent model does, and a shared variance.

    Args:
        full: a model of the noise model "full".
        state_dict: of an independent model, by the names of DensePose.
        variance: (25,) b of background and charts, chart units², the same for every box. Less than
            the model's `negligible_variance` becomes that.

    Returns:
        The same tensors, and those that they lack.

    Raises:
        NoiseModelMismatch: the weights are not those of a parent of `full`.
    """
    smallest = full.roi_heads.densepose_predictor.noise_model.negligible_variance
    logits = torch.tensor([softplus_inverse(max(float(b), smallest)) for b in variance])
    lacking = lacking_weights(full, state_dict, {"shared_variance": logits})
    if not lacking:
        raise NoiseModelMismatch("the weights are not those of an independent noise model")
    return {**state_dict, **lacking}
