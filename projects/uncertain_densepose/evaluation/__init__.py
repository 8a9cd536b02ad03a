"""How good a model is: GPS, correspondence accuracy and likelihood, as Detectron2 evaluators."""

from .evaluator import DensePoseEvaluator, GlobalVarianceEvaluator, GroundTruthBoxEvaluator
from .ground_truth import GroundTruth
from .ground_truth_boxes import GroundTruthBoxModel, labelled_boxes
from .likelihood import fit_global_variance, noise_model
from .surface_distance import SurfaceDistance

__all__ = [
    "DensePoseEvaluator",
    "GlobalVarianceEvaluator",
    "GroundTruth",
    "GroundTruthBoxEvaluator",
    "GroundTruthBoxModel",
    "SurfaceDistance",
    "fit_global_variance",
    "labelled_boxes",
    "noise_model",
]
