"""Dense correspondences from images to the surface of the body, with their uncertainty.

`import uncertain_densepose` registers heads, losses and data sets with Detectron2, and
`add_uncertain_densepose_config(cfg)` adds their keys to a config.
"""

from . import modeling  # noqa: F401  (registers heads and losses)
from .config import add_uncertain_densepose_config
from .data import DensePoseDatasetMapper, register_builtin_datasets

__version__ = "0.1.0"
__all__ = ["DensePoseDatasetMapper", "add_uncertain_densepose_config"]

register_builtin_datasets()
