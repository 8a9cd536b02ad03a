"""Training and testing on Detectron2's `DefaultTrainer`."""

from ..checkpoint import WeightsError
from ..config import ConfigError
from ..evaluation.recalibration import RecalibrationError
from ..structures.chart_mirror import ChartMirrorError
from ..structures.coco_annotation import AnnotationFileError
from ..surface import SurfaceFileError
from .trainer import Trainer

USER_ERRORS = (
    AnnotationFileError,
    ChartMirrorError,
    ConfigError,
    FileNotFoundError,
    RecalibrationError,
    SurfaceFileError,
    WeightsError,
)
"""What a command line reports in one line, without a traceback."""

__all__ = ["USER_ERRORS", "Trainer", "WeightsError"]
