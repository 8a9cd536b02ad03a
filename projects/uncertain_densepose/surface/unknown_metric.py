"""The metric of a surface that is not on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from .lookup import ChartLookup
from .metric import ChartMetric
from .surface import Surface
from .surface_file import SurfaceFileError, remedies


class UnknownMetric(ChartMetric):
    """Charts whose lengths are unknown: predictions stay in chart units.

    A model that was trained on another body's charts must not be measured on the embedded one, so
    whatever needs centimetres or the body raises a SurfaceFileError, which says how to get it.

    Args:
        path: where the surface file would be.
    """

    def __init__(self, path: str | os.PathLike[str]):
        if_missing, _ = remedies(Path(path))
        self.unknown: str = (
            f"{path}: no such surface file, so predictions are in chart units alone, not in "
            f"centimetres or on the body; {if_missing}"
        )

    @property
    def surface(self) -> Surface:
        """Raises SurfaceFileError."""
        raise SurfaceFileError(self.unknown)

    @property
    def lookup(self) -> ChartLookup:
        """Raises SurfaceFileError."""
        raise SurfaceFileError(self.unknown)
