"""How good a model is: GPS, correspondence accuracy, likelihood, calibration, for Detectron2."""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .detections import PROTOCOLS, evaluate_results
    from .evaluator import DensePoseEvaluator, GlobalVarianceEvaluator, GroundTruthBoxEvaluator
    from .files import LeftOut, ResultFile, ResultFileError
    from .ground_truth import GroundTruth, GroundTruthBoxModel, labelled_boxes
    from .person_boxes import PersonBoxEvaluator
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
    "PersonBoxEvaluator",
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

# Distances of points need no Detectron2, which the evaluators do.
__getattr__ = lazy_names(
    __name__,
    {
        "DensePoseEvaluator": "evaluator",
        "GlobalVarianceEvaluator": "evaluator",
        "GroundTruth": "ground_truth.ground_truth",
        "GroundTruthBoxEvaluator": "evaluator",
        "GroundTruthBoxModel": "ground_truth.ground_truth_boxes",
        "LeftOut": "files.result_file",
        "PROTOCOLS": "detections.protocols",
        "PersonBoxEvaluator": "person_boxes",
        "Recalibration": "recalibration",
        "RecalibrationError": "recalibration",
        "ResultFile": "files.result_file",
        "ResultFileError": "files.result_file",
        "SurfaceDistance": "points.surface_distance",
        "evaluate_results": "detections.detection_metrics",
        "fit_global_variance": "points.likelihood",
        "labelled_boxes": "ground_truth.ground_truth_boxes",
        "noise_model": "points.readings",
    },
)
