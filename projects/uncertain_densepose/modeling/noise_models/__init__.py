"""Noise models of chart coordinates, one a file, found through a registry."""

from . import full, full_similarity, iid_iso, indep_aniso, mse, smooth_l1  # noqa: F401  (registers them)
from .base import NOISE_MODEL_REGISTRY, NoiseModel, build_noise_model, register_noise_model

__all__ = ["NOISE_MODEL_REGISTRY", "NoiseModel", "build_noise_model", "register_noise_model"]
