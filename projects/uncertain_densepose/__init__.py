"""Dense correspondences from images to the surface of the body, with their uncertainty.

`import uncertain_densepose` registers heads, losses and data sets with Detectron2, and
`add_uncertain_densepose_config(cfg)` adds their keys to a config. `DefaultTrainer` takes the place
of Detectron2's, with the data mapper and the evaluation of dense pose.
"""

from . import modeling  # noqa: F401  (registers heads and losses)
from .config import add_uncertain_densepose_config
from .data import DensePoseDatasetMapper, register_builtin_datasets

__version__ = "0.1.0"
__all__ = ["DefaultTrainer", "DensePoseDatasetMapper", "add_uncertain_densepose_config"]

register_builtin_datasets()


def __getattr__(name: str):
    # Evaluation and its figures take seconds to import, and most users of the package need neither.
    if name == "DefaultTrainer":
        from .engine import Trainer

        return Trainer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
