"""Joint nats per point of noisy labels, under every noise model and every reading."""

from __future__ import annotations

from collections.abc import Mapping

from uncertain_densepose.evaluation.points.likelihood import likelihood_totals
from uncertain_densepose.evaluation.points.readings import READINGS, noise_model
from uncertain_densepose.structures import PointPredictions

from ..outcome import Outcome

_READ_AS = (*READINGS, "global_variance")


def likelihood_metrics(
    outcome: Outcome, noise_models: Mapping[str, PointPredictions], global_variance: float
) -> dict[str, float]:
    """Log-density of the labels of all points, divided by their number.

    Args:
        outcome: labels and predictions.
        noise_models: name to the predictions of `outcome` with their noise terms.
        global_variance: of the reading as one isotropic Gaussian, chart units².

    Returns:
        `nats_per_point_{name}` for each noise model, and `nats_per_point_as_{reading}` for what the
        model itself can be read as (`evaluation.readings`, and `global_variance`); NaN where it
        lacks the terms.
    """
    group, target = outcome.group, outcome.uv_label
    nats = {
        f"nats_per_point_{name}": noise_model(points, group).log_prob(target).sum().item()
        / len(outcome)
        for name, points in noise_models.items()
    }
    read = likelihood_totals(outcome.points, target, group, len(outcome), global_variance).results()
    return nats | {
        f"nats_per_point_as_{name}": read.get(f"nats_per_point_{name}", float("nan"))
        for name in _READ_AS
    }
