"""Where surfaces are kept."""

from __future__ import annotations

import os
from pathlib import Path

SURFACE_FILE_NAME = "embedded_surface.npz"
SMPL_SURFACE_FILE_NAME = "densepose_smpl_surface.npz"
"""The user's own, of DensePose's SMPL files; see `tools/import_surface.py`."""


def data_root() -> Path:
    """Folder of all data sets: ``$DETECTRON2_DATASETS``, or ``./datasets`` without it."""
    return Path(os.environ.get("DETECTRON2_DATASETS", "datasets"))


def default_surface_path() -> Path:
    """Path of the embedded body surface, whether or not it has been built yet."""
    return data_root() / SURFACE_FILE_NAME
