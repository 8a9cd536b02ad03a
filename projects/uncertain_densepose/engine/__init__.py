"""Training and testing on Detectron2's `DefaultTrainer`."""

from ..weights_file import WeightsError
from .trainer import Trainer

__all__ = ["Trainer", "WeightsError"]
