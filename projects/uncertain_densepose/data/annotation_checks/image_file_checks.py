"""Checks of the image files, which are read as training and evaluation read them."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from ..picture_file import ImageError, read_image
from .registry import FATAL, Scope, check

_STOPS = "training passes over the image with a warning, evaluation stops at it"


@functools.lru_cache(maxsize=1)
def _size(path: Path) -> tuple[int, int] | ImageError:
    """Width and height of a file, decoded whole and turned upright, pixels; or why it cannot be."""
    try:
        height, width, _ = read_image(path).shape
    except ImageError as error:
        return error.with_traceback(None)
    return width, height


@check(Scope.IMAGE_FILE, FATAL, _STOPS)
def image_file_missing(image, path) -> str:
    """The image file does not exist."""
    return "" if os.path.isfile(path) else f"{path}: no such file"


@check(Scope.IMAGE_FILE, FATAL, _STOPS)
def image_file_unreadable(image, path) -> str:
    """The image file cannot be read as an image."""
    size = _size(path) if os.path.isfile(path) else None
    return str(size) if isinstance(size, ImageError) else ""


@check(Scope.IMAGE_FILE, FATAL, _STOPS)
def image_size_differs(image, path) -> str:
    """The size of the image file differs from "width" and "height"."""
    size = _size(path) if os.path.isfile(path) else None
    stated = (image["width"], image["height"])
    if not isinstance(size, tuple) or size == stated:
        return ""
    return f"{path}: is {size[0]} x {size[1]} pixels, not {stated[0]} x {stated[1]}"
