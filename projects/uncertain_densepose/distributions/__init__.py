"""Probability models of chart coordinates around a prediction (torch only)."""

from .anisotropic import AnisotropicUV
from .isotropic import IsotropicUV
from .part_correlated import PartCorrelatedUV

__all__ = ["AnisotropicUV", "IsotropicUV", "PartCorrelatedUV"]
