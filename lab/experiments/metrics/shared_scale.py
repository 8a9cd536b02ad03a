"""Whether the predicted shared variance is that of the labels."""

from __future__ import annotations

import torch
from scipy.stats import spearmanr

from uncertain_densepose.distributions import PartCorrelatedUV
from uncertain_densepose.evaluation.points.readings import own_noise_model

from ..outcome import Outcome
from .group_means import group_means


def predicted_shared_variance(distribution: PartCorrelatedUV) -> torch.Tensor:
    """(G,) variance per direction of the shared error E_i z_g, mean over a group's points.

    trace(E_i B E_iᵀ) / 2, chart units²: of an offset trace(B) / 2, and of a similarity what its
    turn and scaling add at the points besides. Every group has a point.
    """
    shared = distribution.shared_covariance[distribution.group]
    at_points = distribution.basis @ shared @ distribution.basis.mT
    return group_means(at_points.diagonal(dim1=-2, dim2=-1).sum(-1) / 2, distribution.group)


def shared_scale_metrics(outcome: Outcome) -> dict[str, float]:
    """Over groups, NaN where the model predicts no shared error or labels have none.

    `shared_variance_uv2` and `true_shared_variance_uv2` are means, and those of
    `median_*` medians, since a few groups that the network takes for their mirror image can rule a
    mean; chart units². `spearman_shared_scale` is the rank correlation of the two, NaN if either is
    the same everywhere.
    """
    predicted = true = None
    model = own_noise_model(outcome.points, outcome.group)
    if isinstance(model, PartCorrelatedUV):
        predicted = predicted_shared_variance(model)
    if outcome.true_shared_variance is not None:
        true = group_means(outcome.true_shared_variance, outcome.group)
    return {
        "shared_variance_uv2": _mean(predicted),
        "true_shared_variance_uv2": _mean(true),
        "median_shared_variance_uv2": _median(predicted),
        "median_true_shared_variance_uv2": _median(true),
        "spearman_shared_scale": _spearman(predicted, true),
    }


def _mean(values: torch.Tensor | None) -> float:
    return float("nan") if values is None else values.mean().item()


def _median(values: torch.Tensor | None) -> float:
    return float("nan") if values is None else values.quantile(0.5).item()


def _spearman(a: torch.Tensor | None, b: torch.Tensor | None) -> float:
    if a is None or b is None or (a == a[0]).all() or (b == b[0]).all():
        return float("nan")
    return float(spearmanr(a.numpy(), b.numpy()).statistic)
