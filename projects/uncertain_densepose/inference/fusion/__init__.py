"""Rules by which the predictions of several models become one, a file each."""

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
"""By name: the moments of the mixture; the product of the points' marginals; the product of the
groups' joint densities."""

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
