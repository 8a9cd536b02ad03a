"""Draws from the joint distribution of all correspondences of a person.

A draw is one possible error of the prediction: δ_i = E_i z_g + r_i η_i + ξ_i with one z_g for all
pixels of a part. In models without a shared error the pixels of a draw are independent.
"""

from __future__ import annotations

import numpy as np
import torch

from ..surface.metric import CM_PER_M
from .dense_person import DensePerson


def sample_error_field(person: DensePerson, num_draws: int, seed: int = 0) -> np.ndarray:
    """Draw errors, truth minus prediction, at all pixels of a person.

    Args:
        person: predicted by a model with a noise model.
        num_draws: N.
        seed: the same seed, person and N give the same draws on one machine.

    Returns:
        (N, h, w, 2) float32 chart units, NaN on background.

    Raises:
        ValueError: the model has no noise model.
    """
    if not person.has_uncertainty:
        raise ValueError("the model has no noise model, so there is no error to draw")
    shown = person.part > 0
    rows, columns = np.nonzero(shown)
    x0, y0 = person.window[:2]
    centres = np.stack([columns + x0, rows + y0], axis=-1) + 0.5
    part = person.part[shown]
    points = person.at(centres, part).double()
    distribution = points.distribution(torch.from_numpy(part))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        draws = distribution.rsample(torch.Size([num_draws]))
    error = np.full((num_draws, *shown.shape, 2), np.nan, dtype=np.float32)
    error[:, shown] = (draws - points.mean_uv).float().numpy()
    return error


def error_length_cm(person: DensePerson, error_uv: np.ndarray) -> np.ndarray:
    """The length of errors on the rest body, |J δ|.

    Args:
        person: with these errors.
        error_uv: (..., h, w, 2) chart units.

    Returns:
        (..., h, w) float32 centimetres, NaN on background.
    """
    shown = person.part > 0
    jacobian_cm = CM_PER_M * person.metric.jacobian_m(person.part[shown], person.uv[shown])
    length = np.full(error_uv.shape[:-1], np.nan, dtype=np.float32)
    moved = np.einsum("pij,...pj->...pi", jacobian_cm, error_uv[..., shown, :])
    length[..., shown] = np.linalg.norm(moved, axis=-1)
    return length
