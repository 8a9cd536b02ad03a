"""Writes picture files as a video."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..errors import UserError


class VideoError(UserError, ValueError):
    """A video that cannot be written. The message names the file."""


def write_video(
    path: str | os.PathLike, pictures: Sequence[Path], frames_per_second: float
) -> None:
    """Write picture files as the frames of an MP4 (MPEG-4 part 2), one in memory at a time.

    Args:
        path: the file, ending in ".mp4".
        pictures: at least one; all are resized to the size of the first.
        frames_per_second: above 0.

    Raises:
        VideoError: OpenCV lacks the encoder, cannot write the file, or cannot read a picture.
    """
    height, width = _read(pictures[0]).shape[:2]
    # The encoder needs even sides.
    size = width - width % 2, height - height % 2
    writer = cv2.VideoWriter(
        os.fspath(path), cv2.VideoWriter.fourcc(*"mp4v"), frames_per_second, size
    )
    try:
        if not writer.isOpened():
            raise VideoError(f"{path}: OpenCV cannot write an MP4 of {size[0]} x {size[1]} pixels")
        for file in pictures:
            picture = _read(file)
            if picture.shape[:2] != (height, width):
                picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
            writer.write(picture[: size[1], : size[0]])
    finally:
        writer.release()


def _read(file: Path) -> np.ndarray:
    """A picture (H, W, 3) uint8 BGR."""
    picture = cv2.imread(os.fspath(file))
    if picture is None:
        raise VideoError(f"{file}: not a picture that OpenCV can read")
    return picture
