"""Sharpness: how small the predicted errors are, whether they are right or not."""

from __future__ import annotations

import torch


def sharpness(variance: torch.Tensor) -> float:
    """Root of the mean predicted variance.

    Gneiting, Balabdaoui, Raftery, *Probabilistic forecasts, calibration and sharpness* (2007): of
    two calibrated models the sharper one is better.

    Args:
        variance: (P,) predicted variance per direction.

    Returns:
        In the unit of the errors; NaN without points.
    """
    return variance.double().mean().sqrt().item()
