"""An image to be read: a file, or a frame of a video."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class SourceImage:
    """An image to be read.

    Attributes:
        name: names its results: unique in a run, without suffix, with "/" between folders.
        path: the file.
        frame: the number of the frame in a video, from 0; None for an image file.
        read: returns (H, W, 3) uint8 BGR, or raises ImageError.
        time_s: when the video shows the frame, seconds since its first frame; None for an image
            file.
    """

    name: str
    path: Path
    frame: int | None
    read: Callable[[], np.ndarray]
    time_s: float | None = None

    def __str__(self) -> str:
        return str(self.path) if self.frame is None else f"{self.path} frame {self.frame}"
