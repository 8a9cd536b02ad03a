"""A quick look at picture files, before something long that needs them."""

from __future__ import annotations

import os

from PIL import Image

from .picture_file import DAMAGE, ImageError, read_image

_ORIENTATION = 0x0112
_LAST_BYTES = 4096
_ENDS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND"}
"""What the last bytes of a whole file contain, by Pillow's name of the format."""


def picture_fault(path: str | os.PathLike, width: int, height: int) -> str:
    """Why a picture cannot be used, one line that begins with its path; "" if it seems whole.

    Of most files, only the header and the end are read. One that is turned, or does not look as it
    should, is decoded by `read_image`, which decides.

    Args:
        path: of the file.
        width, height: that it must have, pixels.
    """
    if _looks_whole(path, (width, height)):
        return ""
    try:
        found = read_image(path).shape
    except ImageError as error:
        return str(error)
    if found[:2] == (height, width):
        return ""
    return f"{path}: is {found[1]} x {found[0]} pixels, not {width} x {height}"


def _looks_whole(path: str | os.PathLike, size: tuple[int, int]) -> bool:
    try:
        with Image.open(path) as image, open(path, "rb") as file:
            upright = image.getexif().get(_ORIENTATION, 1) == 1
            file.seek(max(os.path.getsize(path) - _LAST_BYTES, 0))
            has_end = _ENDS.get(image.format or "", b"") in file.read()
            return upright and has_end and image.size == size
    except (*DAMAGE, Image.DecompressionBombError):
        return False
