"""What annotations say: people, their points, masks and visible limbs."""

from .ground_truth import AnnotatedImage, GroundTruth
from .ground_truth_boxes import GroundTruthBoxModel, labelled_boxes
from .visibility import VISIBILITY_NAMES

__all__ = [
    "VISIBILITY_NAMES",
    "AnnotatedImage",
    "GroundTruth",
    "GroundTruthBoxModel",
    "labelled_boxes",
]
