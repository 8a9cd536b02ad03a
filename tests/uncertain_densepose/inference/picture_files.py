"""Tiny pictures and videos on disk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def write_image(path: Path, brightness: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 12, 3), brightness, dtype=np.uint8))
    return path


def write_video(path: Path, num_frames: int) -> Path:
    """A video of 10 frames a second whose frame k is grey of brightness 20 k (up to 240)."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (32, 24))
    for number in range(num_frames):
        writer.write(np.full((24, 32, 3), 20 * min(number, 12), dtype=np.uint8))
    writer.release()
    return path
