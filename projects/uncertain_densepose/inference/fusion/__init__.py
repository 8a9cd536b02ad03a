"""Rules that fuse the predictions of several models into one, a file each."""

from .average import average
from .inverse_covariance import inverse_covariance
from .joint import joint
from .rule import FusionError, FusionRule
from .weights import MIN_RELATIVE_PROBABILITY, part_weights

FUSION_RULES: dict[str, FusionRule] = {
    "average": FusionRule(average, is_product=False),
    "inverse_covariance": FusionRule(inverse_covariance, is_product=True),
    "joint": FusionRule(joint, is_product=True),
}
"""By name: moments of the mixture; product of the points' marginals; product of the groups' joint
densities."""

__all__ = [
    "FUSION_RULES",
    "MIN_RELATIVE_PROBABILITY",
    "FusionError",
    "FusionRule",
    "average",
    "inverse_covariance",
    "joint",
    "part_weights",
]
