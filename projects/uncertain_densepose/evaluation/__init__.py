"""How good a model is: GPS, correspondence accuracy, likelihood, calibration, for Detectron2."""

from .evaluator import DensePoseEvaluator, GlobalVarianceEvaluator, GroundTruthBoxEvaluator
from .ground_truth import GroundTruth
from .ground_truth_boxes import GroundTruthBoxModel, labelled_boxes
from .likelihood import fit_global_variance
from .protocols import PROTOCOLS
from .readings import noise_model
from .recalibration import Recalibration, RecalibrationError
from .result_evaluation import evaluate_results
from .result_file import LeftOut, ResultFile, ResultFileError
from .surface_distance import SurfaceDistance

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
