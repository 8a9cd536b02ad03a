"""Checks of the image files."""

from __future__ import annotations

import functools
import struct
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from .registry import FATAL, Scope, check

_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)
"""Exif orientations for which Detectron2's reader swaps width and height."""


_STOPS = "training stops when it reaches the image"


@functools.lru_cache(maxsize=1)
def _size(path: Path) -> tuple[int, int] | None:
    """Width and height, pixels, as Detectron2 reads them; None if the file is not an image."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            lying = _orientation(image) in _LYING
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        return None
    return (height, width) if lying else (width, height)


def _orientation(image: Image.Image) -> int | None:
    try:
        return image.getexif().get(_ORIENTATION)
    except (OSError, SyntaxError, TypeError, ValueError, struct.error):
        return None  # Detectron2 ignores malformed Exif too.


@check(Scope.IMAGE_FILE, FATAL, _STOPS)
def image_file_missing(image, path) -> bool:
    """The image file does not exist."""
    return not path.is_file()


@check(Scope.IMAGE_FILE, FATAL, _STOPS)
def image_file_unreadable(image, path) -> bool:
    """The image file cannot be read as an image."""
    return path.is_file() and _size(path) is None


@check(Scope.IMAGE_FILE, FATAL, _STOPS)
def image_size_differs(image, path) -> bool:
    """The size of the image file differs from "width" and "height"."""
    size = _size(path) if path.is_file() else None
    return size is not None and size != (image["width"], image["height"])
