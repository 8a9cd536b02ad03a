"""Training that starts from the weights of a simpler noise model, the parent: all of it.

The parent is the model without its last `NoiseModel.extensions`. Layers that it lacks are added,
constant at first, so that the first predictions are the parent's: means stay as they are and a step
of the extensions adds at most `NoiseModel.negligible_variance` to the covariance of a point. Every
layer that is added has a gradient. At r = 0 the likelihood has none with respect to r, and at a
shared variance of almost nothing none with respect to what its softplus is taken of: neither would
ever be learned. A parent without any noise, such as "mse", gives its means; the noise then starts
as in a new model.

Training enters by :func:`start_from_parent`, which `ParentCheckpointer` calls.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence, Set

import torch
from detectron2.modeling import GeneralizedRCNN
from torch import nn

from .chart_predictor import DensePoseChartPredictor, NoiseModelMismatch
from .noise_models import NoiseModel
from .noise_models.base import softplus_inverse

logger = logging.getLogger(f"detectron2.{__name__}")


def start_from_parent(
    model: nn.Module, state_dict: Mapping[str, torch.Tensor]
) -> Mapping[str, torch.Tensor]:
    """The weights from which a training starts; one line of the log says what was added.

    Args:
        model: to be trained.
        state_dict: of the model, of a parent, or of anything else.

    Returns:
        The same tensors, and those that a parent's lack; weights of anything else as they are.
    """
    lacking = lacking_weights(model, state_dict)
    if not lacking:
        return state_dict
    layers = sorted({name.rsplit(".", 1)[0] for name in lacking})
    logger.info(
        "The weights are those of a simpler noise model; training starts from them with "
        "these layers added, constant at first: %s",
        ", ".join(layers),
    )
    return {**state_dict, **lacking}


def with_shared_variance(
    full: GeneralizedRCNN,
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
            by default those of :func:`start_biases`.

    Returns:
        Layers of weights zero by their names in `state_dict`; none if nothing is lacking, or the
        weights are of no parent and cannot be loaded.
    """
    lacking = {}
    for path, module in model.named_modules():
        if isinstance(module, DensePoseChartPredictor):
            prefix = f"{path}." if path else ""
            start = _lacking_biases(module, module.noise_weights_in(state_dict, prefix))
            for field, usual in start.items():
                bias = torch.as_tensor((biases or {}).get(field, usual))
                layer = module.noise_layers[field]
                for name, parameter in getattr(module, layer).named_parameters():
                    values = torch.zeros_like(parameter)
                    lacking[f"{prefix}{layer}.{name}"] = (
                        values + bias.to(values) if name == "bias" else values
                    )
    return lacking


def _lacking_biases(predictor: DensePoseChartPredictor, found: Set[str] | None) -> dict[str, float]:
    """Fields that a parent's noise weights, named without a prefix, lack; none of no parent's."""
    if found is None or not found < predictor.noise_weights:
        return {}
    there = {name.split(".")[0] for name in found}
    fields = [field for field, layer in predictor.noise_layers.items() if layer in there]
    return start_biases(predictor.noise_model, fields) or {}


def start_biases(noise_model: NoiseModel, fields: Collection[str]) -> dict[str, float] | None:
    """How training goes on from weights that have some fields of a noise model.

    Args:
        noise_model: to be trained.
        fields: names of the raw fields that the weights have.

    Returns:
        The biases of those that they lack, or None if the weights are not those of a parent.
    """
    own = noise_model.point_fields | noise_model.shared_fields
    if not fields:
        return own
    lacking: dict[str, float] = {}
    for added in reversed(noise_model.extensions):
        lacking |= added
        if own.keys() - lacking == set(fields):
            return lacking
    return None
