"""How good a model is: GPS, correspondence accuracy, likelihood, calibration, for Detectron2."""

from .detections import PROTOCOLS, evaluate_results
from .evaluator import DensePoseEvaluator, GlobalVarianceEvaluator, GroundTruthBoxEvaluator
from .files import LeftOut, ResultFile, ResultFileError
from .ground_truth import GroundTruth, GroundTruthBoxModel, labelled_boxes
from .points.likelihood import fit_global_variance
from .points.readings import noise_model
from .points.surface_distance import SurfaceDistance
from .recalibration import Recalibration, RecalibrationError

__all__ = [
    "DensePoseEvaluator",
    "GlobalVarianceEvaluator",
    "GroundTruth",
    "GroundTruthBoxEvaluator",
    "GroundTruthBoxModel",
    "LeftOut",
    "PROTOCOLS",
    "Recalibration",
    "RecalibrationError",
    "ResultFile",
    "ResultFileError",
    "SurfaceDistance",
    "evaluate_results",
    "fit_global_variance",
    "labelled_boxes",
    "noise_model",
]
