"""How far from where they lie points are placed: against the clean truth and the noisy labels.

Both are read twice: *given* the part, in the chart of the label, and *predicted*, in the chart that
the model names, where a background answer is infinitely far from everything and a wrong chart as
far as the body says. Given the part, the truth is asked of points whose label names the right one:
in a wrong chart nothing lies near the truth.
"""

from __future__ import annotations

import numpy as np
import torch

from uncertain_densepose.evaluation.points.correspondence import accuracy
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance

from ..outcome import Outcome

NEAR_UV = 0.05
"""Chart units within which a point counts as near."""


def given_distance_m(outcome: Outcome, distance: SurfaceDistance) -> np.ndarray:
    """(P,) float32 geodesic metres from the true point to the prediction in the labelled chart."""
    placed = distance.vertex(outcome.part.numpy(), outcome.points.mean_uv.numpy())
    return distance.between_m(placed, _true_vertex(outcome, distance))


def placement_metrics(outcome: Outcome, distance: SurfaceDistance) -> dict[str, float]:
    """Percentages, NaN without points.

    `within_{1..20}cm` and `AUC{10,30}` (see `evaluation.correspondence`), each ending in
    `_truth_given`, `_labels_given`, `_truth_predicted` and `_labels_predicted`;
    `within_0.05uv_truth_given` and `within_0.05uv_labels_given`, the share of points nearer than
    0.05 chart units; `part_accuracy_truth` and `part_accuracy_labels`, the share of points whose
    chart is named right.
    """
    true = _true_vertex(outcome, distance)
    label = distance.vertex(outcome.part.numpy(), outcome.uv_label.numpy())
    given = distance.vertex(outcome.part.numpy(), outcome.points.mean_uv.numpy())
    predicted = distance.vertex(
        outcome.predicted_part.numpy(), outcome.points_predicted.mean_uv.numpy()
    )
    right = outcome.part_is_true.numpy()
    pairs = {
        "truth_given": (given[right], true[right]),
        "labels_given": (given, label),
        "truth_predicted": (predicted, true),
        "labels_predicted": (predicted, label),
    }
    metrics = {
        f"{name}_{suffix}": value
        for suffix, (placed, meant) in pairs.items()
        for name, value in accuracy(distance.between_m(placed, meant)).items()
    }
    error, noisy_error = (u - outcome.points.mean_uv for u in (outcome.uv_true, outcome.uv_label))
    return metrics | {
        f"within_{NEAR_UV}uv_truth_given": _percent(_near(error[outcome.part_is_true])),
        f"within_{NEAR_UV}uv_labels_given": _percent(_near(noisy_error)),
        "part_accuracy_truth": _percent(outcome.predicted_part == outcome.part_true),
        "part_accuracy_labels": _percent(outcome.predicted_part == outcome.part),
    }


def _true_vertex(outcome: Outcome, distance: SurfaceDistance) -> np.ndarray:
    return distance.vertex(outcome.part_true.numpy(), outcome.uv_true.numpy())


def _near(residual_uv: torch.Tensor) -> torch.Tensor:
    return residual_uv.norm(dim=-1) < NEAR_UV


def _percent(chosen: torch.Tensor) -> float:
    return 100 * chosen.double().mean().item()
