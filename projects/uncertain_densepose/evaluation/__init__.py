"""How good a model is: GPS, correspondence accuracy, likelihood, calibration, for Detectron2."""

from .evaluator import DensePoseEvaluator, GlobalVarianceEvaluator, GroundTruthBoxEvaluator
from .ground_truth import GroundTruth
from .ground_truth_boxes import GroundTruthBoxModel, labelled_boxes
from .likelihood import fit_global_variance
from .readings import noise_model
from .recalibration import Recalibration, RecalibrationError
from .surface_distance import SurfaceDistance

__all__ = [
    "DensePoseEvaluator",
    "GlobalVarianceEvaluator",
    "GroundTruth",
    "GroundTruthBoxEvaluator",
    "GroundTruthBoxModel",
    "Recalibration",
    "RecalibrationError",
    "SurfaceDistance",
    "fit_global_variance",
    "labelled_boxes",
    "noise_model",
]
