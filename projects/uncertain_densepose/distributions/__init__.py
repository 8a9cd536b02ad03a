"""Probability models of chart coordinates around a prediction (torch only)."""

from .anisotropic import AnisotropicUV
from .base import UVDistribution
from .families import uv_distribution
from .isotropic import IsotropicUV
from .own_covariance import outer_elements, own_covariance, split_covariance
from .part_correlated import PartCorrelatedUV, SharedErrorPosterior
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
    "SharedErrorPosterior",
    "UVDistribution",
    "basis_of_size",
    "offset_basis",
    "outer_elements",
    "own_covariance",
    "similarity_about",
    "similarity_basis",
    "split_covariance",
    "uv_distribution",
]
