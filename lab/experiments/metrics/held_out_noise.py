"""The noise models that a cell is measured with: its own, and what held-out labels make of it.

Whatever can be had by fitting one or two numbers to held-out labels is given to every model, so
that the difference that is left between models is owed to what their networks predict.

- `own`: what the model predicts; a model without a variance has the one fitted to all points.
- `tempered`: that, its covariances times fitted factors (`temperatures`).
- `posthoc`: the points' own covariances with one fitted shared variance b I, the same for all
  groups, in place of a predicted shared error if there is one (`shared_variance_fit`).
- `posthoc_tempered`: the same, b and the factor of the points' covariances fitted together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from uncertain_densepose.evaluation.points.likelihood import fit_global_variance
from uncertain_densepose.evaluation.shared_variance_fit import (
    add_shared_variance,
    fit_shared_variance,
)
from uncertain_densepose.structures import PointPredictions

from ..outcome import Outcome
from .group_means import group_means
from .temperatures import Temperatures, fit_temperatures


@dataclass(frozen=True)
class HeldOutNoise:
    """What was fitted to held-out labels.

    Attributes:
        global_variance: of one isotropic Gaussian around the means, chart units².
        tempered: factors of the model's own covariances.
        shared_variance: b of `posthoc`, chart units².
        posthoc_tempered: factors that go with a shared variance of 1 chart unit².
    """

    global_variance: float
    tempered: Temperatures
    shared_variance: float
    posthoc_tempered: Temperatures

    def noise_models(self, points: PointPredictions) -> dict[str, PointPredictions]:
        """Predictions of the same model at other points, under each of the noise models."""
        own = _with_variance(points, self.global_variance)
        alone = replace(own, shared_covariance=None)
        return {
            "own": own,
            "tempered": self.tempered.apply(own),
            "posthoc": add_shared_variance(alone, self.shared_variance),
            "posthoc_tempered": self.posthoc_tempered.apply(add_shared_variance(alone, 1.0)),
        }

    def metrics(self) -> dict[str, float]:
        """What was fitted; `temperature_shared` is 1 for a model without a shared error."""
        return {
            "global_variance_uv2": self.global_variance,
            "temperature_point": self.tempered.point,
            "temperature_shared": self.tempered.shared,
            "posthoc_shared_variance_uv2": self.shared_variance,
            "posthoc_tempered_shared_variance_uv2": self.posthoc_tempered.shared,
            "posthoc_tempered_temperature_point": self.posthoc_tempered.point,
        }


def fit_held_out_noise(outcome: Outcome) -> HeldOutNoise:
    """Fit all that `HeldOutNoise` has to the labels of held-out people.

    Raises:
        ValueError: there are no points, or the predictions are not finite.
    """
    target, group = outcome.uv_label, outcome.group
    residual = target - outcome.points.mean_uv
    global_variance = fit_global_variance(residual)
    own = _with_variance(outcome.points, global_variance)
    alone = replace(own, shared_covariance=None)
    # The variance of the groups' means is where the search starts: from the b of `posthoc`, which
    # is 0 if the points' own variances are wide enough for everything, it would not move.
    start = group_means(residual, group).square().mean().item()
    together = fit_temperatures(add_shared_variance(alone, start), target, group)
    return HeldOutNoise(
        global_variance,
        fit_temperatures(own, target, group),
        fit_shared_variance(alone, target, group),
        Temperatures(together.point, start * together.shared),
    )


def _with_variance(points: PointPredictions, global_variance: float) -> PointPredictions:
    if points.variance is not None:
        return points
    return replace(points, variance=torch.full_like(points.mean_uv[:, 0], global_variance))
