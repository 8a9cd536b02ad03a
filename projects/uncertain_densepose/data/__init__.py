"""Data sets with point annotations: registration, annotation checks and the mapper.

Importing this package registers the data sets that the project knows by name.
"""

from .builtin import register_builtin_datasets
from .coco_densepose import load_densepose_json, register_densepose_coco, register_densepose_json
from .mapper import DensePoseDatasetMapper

__all__ = [
    "DensePoseDatasetMapper",
    "load_densepose_json",
    "register_builtin_datasets",
    "register_densepose_coco",
    "register_densepose_json",
]

register_builtin_datasets()
