"""How good a model is: GPS, correspondence accuracy, likelihood, calibration, for Detectron2."""

from .detections.detection_metrics import evaluate_results
from .detections.protocols import PROTOCOLS
from .evaluator import DensePoseEvaluator, GlobalVarianceEvaluator, GroundTruthBoxEvaluator
from .files.result_file import LeftOut, ResultFile, ResultFileError
from .ground_truth.ground_truth import GroundTruth
from .ground_truth.ground_truth_boxes import GroundTruthBoxModel, labelled_boxes
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
