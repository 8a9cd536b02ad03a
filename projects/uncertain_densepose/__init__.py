"""Dense correspondences from images to the surface of the body, with their uncertainty.

`import uncertain_densepose` registers heads, losses and data sets with Detectron2, and
`add_uncertain_densepose_config(cfg)` adds their keys to a config. `DefaultTrainer` takes the place
of Detectron2's, with the data mapper and the evaluation of dense pose.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .registration import register_with_detectron2

if TYPE_CHECKING:
    from .config import add_uncertain_densepose_config
    from .data import DensePoseDatasetMapper
    from .engine import Trainer as DefaultTrainer

__version__ = "0.1.0"
__all__ = ["DefaultTrainer", "DensePoseDatasetMapper", "add_uncertain_densepose_config"]

_NAMES = {
    "DefaultTrainer": ("engine", "Trainer"),
    "DensePoseDatasetMapper": ("data", "DensePoseDatasetMapper"),
    "add_uncertain_densepose_config": ("config", "add_uncertain_densepose_config"),
}
_ROOMS = ("config", "data", "distributions", "modeling", "structures", "surface")
"""Subpackages and modules that work as attributes without an import of their own."""


def __getattr__(name: str):
    # torch and Detectron2 take seconds to import, evaluation and its figures some more.
    if name in _NAMES:
        room, name = _NAMES[name]
        return getattr(import_module(f".{room}", __name__), name)
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


register_with_detectron2()
