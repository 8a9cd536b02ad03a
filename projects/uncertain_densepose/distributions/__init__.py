"""Probability models of chart coordinates around a prediction (torch only)."""

from .anisotropic import AnisotropicUV
from .isotropic import IsotropicUV
from .part_correlated import PartCorrelatedUV
from .shared_bases import SHARED_BASES, offset_basis, similarity_basis

__all__ = [
    "SHARED_BASES",
    "AnisotropicUV",
    "IsotropicUV",
    "PartCorrelatedUV",
    "offset_basis",
    "similarity_basis",
]
