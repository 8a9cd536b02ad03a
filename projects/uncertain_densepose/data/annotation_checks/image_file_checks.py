"""Checks of the image files."""

from __future__ import annotations

import functools
import struct
import zlib
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from .registry import FATAL, Scope, check

_ORIENTATION = 0x0112
_UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,  # What Pillow raises for a broken PNG.
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
)
_LYING = (5, 6, 7, 8)
"""Exif orientations for which Detectron2's reader swaps width and height."""


_STOPS = "training stops when it reaches the image"
_IN_EVALUATION = (FATAL, "evaluation stops when it reaches the image")

_LAST_BYTES = 4096
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}
"""What the last bytes of a whole file contain, by Pillow's name of the format."""


@functools.lru_cache(maxsize=1)
def _size(path: Path) -> tuple[int, int] | None:
    """Width and height, pixels, as Detectron2 reads them; None if the file is not an image."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            lying = _orientation(image) in _LYING
    except _UNREADABLE:
        return None
    return (height, width) if lying else (width, height)


def _orientation(image: Image.Image) -> int | None:
    try:
        return image.getexif().get(_ORIENTATION)
    except (OSError, SyntaxError, TypeError, ValueError, struct.error):
        return None  # Detectron2 ignores malformed Exif too.


@check(Scope.IMAGE_FILE, FATAL, _STOPS, evaluation=_IN_EVALUATION)
def image_file_missing(image, path) -> bool:
    """The image file does not exist."""
    return not path.is_file()


@check(Scope.IMAGE_FILE, FATAL, _STOPS, evaluation=_IN_EVALUATION)
def image_file_unreadable(image, path) -> bool:
    """The image file cannot be read as an image."""
    return path.is_file() and _size(path) is None


@check(Scope.IMAGE_FILE, FATAL, _STOPS, evaluation=_IN_EVALUATION)
def image_file_truncated(image, path) -> bool:
    """The end of the image file is missing."""
    return path.is_file() and _size(path) is not None and _lacks_end(path) and not _decodes(path)


def _lacks_end(path: Path) -> bool:
    """Whether a JPEG or PNG does not end as it should; some end oddly and are whole."""
    with Image.open(path) as image:
        end = _ENDS.get(image.format or "", b"")
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _LAST_BYTES, 0))
        return end not in file.read()


def _decodes(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except _UNREADABLE:
        return False
    return True


@check(Scope.IMAGE_FILE, FATAL, _STOPS, evaluation=_IN_EVALUATION)
def image_size_differs(image, path) -> bool:
    """The size of the image file differs from "width" and "height"."""
    size = _size(path) if path.is_file() else None
    return size is not None and size != (image["width"], image["height"])


@check(Scope.PIXELS, FATAL, _STOPS, evaluation=_IN_EVALUATION)
def image_pixels_unreadable(image, path) -> bool:
    """The image file has a good header, but its pixels cannot be decoded."""
    return not _decodes(path)
