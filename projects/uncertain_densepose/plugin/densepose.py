"""Training this project's models with DensePose's own scripts, `detectron2/projects/DensePose`.

Two lines below the imports of DensePose's `train_net.py`,

    from uncertain_densepose.plugin.densepose import register
    register()

and a yaml file of DensePose's charts trains the correlated model with

    MODEL:
      ROI_DENSEPOSE_HEAD:
        PREDICTOR_NAME: "UncertainDensePoseChartPredictor"
        LOSS_NAME: "UncertainDensePoseChartLoss"
        UV_CONFIDENCE: {ENABLED: True, TYPE: "full"}

DensePose's ROI heads, heads, decoder, data mapper, evaluator and visualisers stay its own. Keys of
`MODEL.ROI_DENSEPOSE_HEAD` that only this project has take its defaults; `add_missing_config(cfg)`
after DensePose's `add_densepose_config(cfg)` lets a yaml file set them.

Both projects register `DensePoseROIHeads` and the data sets of DensePose-COCO with Detectron2.
Importing this module imports DensePose and leaves it those names: the process can then train with
DensePose's scripts and not with this project's. DensePose may be imported before this project, or
by this module, but not between `import uncertain_densepose` and this module.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys

from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.modeling import ROI_HEADS_REGISTRY

from ..data.builtin import DENSEPOSE_DATASETS, register_densepose_datasets
from ..errors import UserError
from ..modeling import DensePoseROIHeads
from .missing_config import add_missing_config

__all__ = ["UpstreamMissingError", "add_missing_config", "register"]

UPSTREAM = "densepose"


class UpstreamMissingError(UserError, ImportError):
    """DensePose is not installed."""


def register() -> None:
    """Put `UncertainDensePoseChartPredictor` and `UncertainDensePoseChartLoss` into DensePose's
    registries; a second call changes nothing.

    Raises:
        UpstreamMissingError: DensePose is not installed.
    """
    if not _is_installed():
        raise UpstreamMissingError(
            "DensePose's own package `densepose` is not installed; install projects/DensePose of "
            "Detectron2's repository, or train with this project's tools/train_net.py, which does "
            "not need it"
        )
    importlib.import_module(".densepose_chart", __package__)


def _is_installed() -> bool:
    if UPSTREAM in sys.modules:
        return True
    found = importlib.util.find_spec(UPSTREAM)
    # A folder of that name on the path, of data say, is found too, but has no origin.
    return found is not None and found.origin is not None


def _import_with_its_names() -> None:
    """Import DensePose in place of what this project registered under the names of both."""
    # Registries have no way to forget a name.
    del ROI_HEADS_REGISTRY._obj_map[DensePoseROIHeads.__name__]
    for name in DENSEPOSE_DATASETS:
        DatasetCatalog.remove(name)
        MetadataCatalog.remove(name)
    try:
        importlib.import_module(UPSTREAM)
    finally:
        # Back again where the import failed; else DensePose has them.
        ROI_HEADS_REGISTRY._obj_map.setdefault(DensePoseROIHeads.__name__, DensePoseROIHeads)
        register_densepose_datasets()


# Not by `register`: scripts may import DensePose between the import of this module and the call.
if _is_installed() and UPSTREAM not in sys.modules:
    _import_with_its_names()
