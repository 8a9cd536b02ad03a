"""Label noise against network error: where noise is the smaller, modelling it can gain little."""

from __future__ import annotations

import numpy as np
import torch

from uncertain_densepose.evaluation.detections.gps import FINE_TO_GPS_GROUP
from uncertain_densepose.evaluation.points.correspondence import accuracy
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance

from ..outcome import Outcome
from .placement import given_distance_m

PART_GROUPS = (
    "torso",
    "hands",
    "feet",
    "upper legs",
    "lower legs",
    "upper arms",
    "lower arms",
    "head",
)
"""The part groups of GPS, 1..8: the charts of a limb taken together, front and back, both sides."""


def noise_ratio_metrics(outcome: Outcome, distance: SurfaceDistance) -> dict[str, float]:
    """Of points whose label names the right chart, NaN without points.

    `noise_rms_uv` and `error_rms_uv` are root mean squares of |label - truth| and
    |prediction - truth|, chart units, and `noise_to_error` their ratio. It is there for each of
    `PART_GROUPS` too, with its name after a hyphen, beside `AUC10_truth_given`. `wrong_label_part`
    is the percentage of points whose label names a wrong chart.
    """
    right = outcome.part_is_true
    noise = (outcome.uv_label - outcome.uv_true)[right]
    error = (outcome.points.mean_uv - outcome.uv_true)[right]
    limb = FINE_TO_GPS_GROUP[outcome.part[right].numpy()]
    distance_m = given_distance_m(outcome, distance)[right.numpy()]
    metrics = {
        "noise_rms_uv": _rms(noise).item(),
        "error_rms_uv": _rms(error).item(),
        "noise_to_error": (_rms(noise) / _rms(error)).item(),
        "wrong_label_part": 100 * (~right).double().mean().item(),
    }
    for number, name in enumerate(PART_GROUPS, start=1):
        mine = np.flatnonzero(limb == number)
        metrics[f"noise_to_error-{name}"] = (_rms(noise[mine]) / _rms(error[mine])).item()
        metrics[f"AUC10_truth_given-{name}"] = accuracy(distance_m[mine])["AUC10"]
    return metrics


def _rms(vectors: torch.Tensor) -> torch.Tensor:
    return vectors.square().sum(-1).mean().sqrt()
