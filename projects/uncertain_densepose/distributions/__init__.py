"""Probability models of chart coordinates around a prediction (torch only)."""

from .anisotropic import AnisotropicUV
from .isotropic import IsotropicUV
from .part_correlated import PartCorrelatedUV
from .shared_bases import (
    BASIS_OF_SIZE,
    SHARED_BASES,
    basis_of_size,
    offset_basis,
    similarity_about,
    similarity_basis,
)

__all__ = [
    "BASIS_OF_SIZE",
    "SHARED_BASES",
    "AnisotropicUV",
    "IsotropicUV",
    "PartCorrelatedUV",
    "basis_of_size",
    "offset_basis",
    "similarity_about",
    "similarity_basis",
]
