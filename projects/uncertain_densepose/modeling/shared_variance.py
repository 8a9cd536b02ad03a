"""Weights of an independent model as those of the `full` one, with a shared variance that is given.

Their predictions are the parent's, with the same shared covariance for every box. Training that
goes on from them learns to predict it, but no direction where the parent had none: at r = 0 the
likelihood has no gradient with respect to r.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from .noise_models.base import softplus_inverse

MIN_VARIANCE = 1e-12
"""Chart units²: what a smaller variance is written as. A softplus is never zero."""

_VARIANCE_LAYER = "sigma_2_lowres"
_DIRECTION_LAYERS = ("kappa_u_lowres", "kappa_v_lowres")
_SHARED_LAYER = "shared_variance"


class NotIndependentError(ValueError):
    """Weights to which no shared variance can be added."""


def independent_predictor(state_dict: Mapping[str, torch.Tensor]) -> str:
    """The prefix of the predictor's keys in the weights of an independent model.

    Raises:
        NotIndependentError: there is no predictor of variances, or it has a shared error already.
    """
    end = f"{_VARIANCE_LAYER}.weight"
    prefixes = [key.removesuffix(end) for key in state_dict if key.endswith(end)]
    if not prefixes:
        raise NotIndependentError(
            "the model predicts no variance; take one of the noise models iid_iso and indep_aniso"
        )
    if any(key.startswith(f"{prefixes[0]}{_SHARED_LAYER}") for key in state_dict):
        raise NotIndependentError("the model predicts a shared error already")
    return prefixes[0]


def with_shared_variance(
    state_dict: Mapping[str, torch.Tensor], variance: Sequence[float] | torch.Tensor
) -> dict[str, torch.Tensor]:
    """The weights of `full`, with `SHARED_FROM` "box", that predict what an independent model does.

    Args:
        state_dict: of a model with dense pose, by the names of DensePose.
        variance: (25,) b of background and charts, chart units².

    Returns:
        The same tensors; for `iid_iso` also direction layers of zeros; and the linear layer of
        the shared variance with weights of zero and the bias softplus⁻¹(b).

    Raises:
        NotIndependentError: as :func:`independent_predictor`.
        ValueError: `variance` has not one value for each channel of the predictor.
    """
    prefix = independent_predictor(state_dict)
    kind, bias = (state_dict[f"{prefix}{_VARIANCE_LAYER}.{name}"] for name in ("weight", "bias"))
    if len(variance) != len(bias):
        raise ValueError(f"expected {len(bias)} shared variances, not {len(variance)}")
    layers = {
        f"{layer}.{name}": torch.zeros_like(values)
        for layer in _DIRECTION_LAYERS
        for name, values in (("weight", kind), ("bias", bias))
    }
    layers[f"{_SHARED_LAYER}.weight"] = kind.new_zeros(len(bias), len(kind))
    layers[f"{_SHARED_LAYER}.bias"] = bias.new_tensor(
        [softplus_inverse(max(float(b), MIN_VARIANCE)) for b in variance]
    )
    return {f"{prefix}{name}": values for name, values in layers.items()} | dict(state_dict)
