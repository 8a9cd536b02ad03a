"""Pictures of any usual kind as blue, green, red: (H, W, 3) uint8.

Training, evaluation, prediction and the annotation check all read with :func:`read_image`.

- The format is told by the file's content, whatever its suffix: all that Pillow reads but
  PostScript, which is a program. An animation or a stack is its first picture.
- The picture is turned upright by its EXIF orientation; one that cannot be read counts as upright.
- Grey is copied to all three channels. Palettes, CMYK, YCbCr, LAB and HSV become RGB. Colour
  profiles are not applied.
- Alpha, and a transparent colour, lie over white.
- Integers of n bits are divided by their full scale: 16 bits by 257. Of 16-bit colours Pillow keeps
  the upper byte. 32-bit integers count as 8, 16 or 32 bits, the first that holds their maximum.
- Floats lie in [0, 1] if their maximum is at most 1, else in [0, 255].
- A picture whose numbers fit none of these is refused rather than made black.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..config import ConfigError
from ..errors import UserError, missing

MAX_PIXELS = 178_956_970
"""Pixels of the largest picture that is read: half a gigabyte as BGR, and Pillow's own limit."""

DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error),
    *(AttributeError, IndexError, KeyError, OverflowError, RuntimeError, TypeError),
)
"""What Pillow's readers raise for damaged files."""

_ORIENTATION = 0x0112
_BITS_PER_SAMPLE, _SAMPLE_FORMAT, _UNSIGNED = 258, 339, 1
"""TIFF tags, and the value of the second that is also its default."""

_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
_MAX_16_BIT = 65535
_PIXELS_PER_STRIP = 1 << 20

_UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}
"""What turns pixels (H, W, 3) upright, by EXIF orientation."""

CHANNEL_ORDERS = ("BGR", "RGB")
"""Values of `INPUT.FORMAT`."""


class ImageError(UserError, OSError, ValueError):
    """An image that cannot be used. The message is one line that names the file, if any."""


def read_image(path: str | os.PathLike) -> np.ndarray:
    """Read an image file as (H, W, 3) uint8, blue, green, red.

    Raises:
        ImageError: the file does not exist, is not an image, is truncated or damaged, has more
            than `MAX_PIXELS`, or has pixel values of unknown scale.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        is_folder = os.path.isdir(path)
        raise ImageError(f"{path}: is a folder" if is_folder else missing(path, "no such image"))
    try:
        with open(path, "rb") as file:
            return _read(file)
    except UnidentifiedImageError as error:
        raise ImageError(f"{path}: not an image, or in a format that Pillow cannot read") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{path}: {error}; use a smaller image") from error
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error
    except DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"{path}: damaged or truncated image: {reason}") from error


def is_picture(path: str | os.PathLike) -> bool:
    """Whether a file begins as a picture in a format that is read; it may still be damaged."""
    try:
        with Image.open(path, formats=_formats()):
            return True
    except (*DAMAGE, Image.DecompressionBombError):
        return False


def as_bgr(image: np.ndarray | Image.Image) -> np.ndarray:
    """Convert an array or a picture of Pillow to (H, W, 3) uint8, blue, green, red.

    Args:
        image: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8 or uint16; channels blue, green, red,
            alpha, as `cv2.imread` returns them. Or a `PIL.Image.Image` of any mode, which is turned
            upright like a file.

    Returns:
        The array itself if nothing has to be converted.

    Raises:
        ImageError: it is neither, has another shape or type, has no pixels, or its values have an
            unknown scale.
    """
    if isinstance(image, Image.Image):
        return _upright(as_bgr(_pixels(image)), image)
    if not isinstance(image, np.ndarray):
        raise ImageError(f"an image must be an array (H, W, 3), not {type(image).__name__}")
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.ndim not in (2, 3) or channels not in _CONVERSIONS:
        raise ImageError(f"an image must be (H, W), (H, W, 3) or (H, W, 4), not {image.shape}")
    if image.size == 0:
        raise ImageError(f"an image of shape {image.shape} has no pixels")
    if image.dtype == np.uint16:
        image = ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ImageError(
            f"an image must be uint8 in [0, 255] or uint16 in [0, 65535], not {image.dtype}"
        )
    return _CONVERSIONS[channels](image)


def in_channel_order(bgr: np.ndarray, order: str) -> np.ndarray:
    """A picture (H, W, 3) with its channels in the order of `INPUT.FORMAT`, contiguous.

    Raises:
        ConfigError: see :func:`check_channel_order`.
    """
    check_channel_order(order)
    return _swapped(bgr) if order == "RGB" else bgr


def check_channel_order(order: str) -> None:
    """Refuse an `INPUT.FORMAT` that is not in `CHANNEL_ORDERS`.

    Raises:
        ConfigError: it is another.
    """
    if order not in CHANNEL_ORDERS:
        raise ConfigError(f'INPUT.FORMAT must be "BGR" or "RGB", not {order!r}')


@cache
def _formats() -> tuple[str, ...]:
    """The formats that are read."""
    Image.init()
    return tuple(name for name in Image.OPEN if name != "EPS")


def _read(file: BinaryIO) -> np.ndarray:
    """An open file as (H, W, 3) uint8 BGR; raises what Pillow does, or an ImageError."""
    with Image.open(file, formats=_formats()) as image:
        _check_size(image)
        if image.format != "PNG":
            return _loaded(image)
        # Pillow decodes without looking at the checksums of the pixels.
        image.verify()
    file.seek(0)
    with Image.open(file, formats=("PNG",)) as image:
        return _loaded(image)


def _loaded(image: Image.Image) -> np.ndarray:
    # TIFF files are turned by loading them, which also removes their orientation.
    image.load()
    _check_size(image)
    return as_bgr(image)


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise ImageError(
            f"{image.width} x {image.height} pixels are more than {MAX_PIXELS}; use a smaller image"
        )


def _upright(pixels: np.ndarray, image: Image.Image) -> np.ndarray:
    """The pixels (H, W, 3) of an image, turned as its EXIF says."""
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except DAMAGE:
        return pixels
    if not isinstance(orientation, int) or orientation not in _UPRIGHT:
        return pixels
    return np.ascontiguousarray(_UPRIGHT[orientation](pixels))


def _pixels(image: Image.Image) -> np.ndarray:
    """A picture of Pillow as an array for :func:`as_bgr`, its colours as blue, green, red."""
    if image.mode.startswith("I"):
        return _integers(image)
    if image.mode == "F":
        return _floats(np.asarray(image))
    has_alpha = image.mode in _WITH_ALPHA or "transparency" in image.info
    wanted = "RGBA" if has_alpha else "RGB"
    if image.mode != wanted:
        image = image.convert(wanted)
    swapped = np.empty((image.height, image.width, len(wanted)), np.uint8)
    # Pillow copies what it gives to numpy twice, so a whole picture would be thrice in memory.
    for rows in _strips(image.height, image.width):
        box = (0, rows.start, image.width, rows.stop)
        _swap_into(swapped[rows], np.asarray(image.crop(box)))
    return swapped


def _strips(height: int, width: int) -> Iterator[slice]:
    """The rows of a picture in strips of `_PIXELS_PER_STRIP`, or of a row."""
    step = max(_PIXELS_PER_STRIP // max(width, 1), 1)
    return (slice(first, min(first + step, height)) for first in range(0, height, step))


def _swapped(colours: np.ndarray) -> np.ndarray:
    """Red, green, blue as blue, green, red, or the reverse; contiguous."""
    swapped = np.empty_like(colours)
    _swap_into(swapped, colours)
    return swapped


def _swap_into(swapped: np.ndarray, colours: np.ndarray) -> None:
    """Write red, green, blue (and alpha) as blue, green, red, or the reverse.

    By channel, which is twice as fast as a copy of the reversed view. OpenCV's threads do not
    survive the fork of a data loader.
    """
    for channel, other in enumerate((2, 1, 0, 3)[: colours.shape[2]]):
        swapped[..., channel] = colours[..., other]


def _integers(image: Image.Image) -> np.ndarray:
    """Grey of more than 8 bits, modes I and I;16, as (H, W) uint8."""
    values = np.asarray(image).astype(np.int64)
    bits, is_unsigned = _sample_type(image)
    if bits == 32 and is_unsigned:
        values &= 2**32 - 1  # Pillow holds them in signed integers.
    lowest, highest = (int(values.min()), int(values.max())) if values.size else (0, 0)
    full_scale = 2**bits - 1 if bits < 32 else _full_scale_of_32_bits(highest, is_unsigned)
    if lowest < 0 or highest > full_scale or highest < full_scale >> 8 > 255:
        raise ImageError(
            f"its numbers, from {lowest} to {highest}, fit the scale of neither 8, 16 nor 32 bits"
        )
    key = image.info.get("transparency")
    if isinstance(key, int):
        values[values == key] = full_scale
    return np.rint(values * (255 / full_scale)).astype(np.uint8)


def _sample_type(image: Image.Image) -> tuple[int, bool]:
    """Bits of a sample of an integer picture, and whether it is unsigned."""
    if image.mode == "I" and image.format is None:
        return 32, False
    tags = getattr(image, "tag_v2", {})
    bits, kind = tags.get(_BITS_PER_SAMPLE, (16,)), tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))
    return bits[0], kind[0] == _UNSIGNED


def _full_scale_of_32_bits(highest: int, is_unsigned: bool) -> int:
    scales = (255, _MAX_16_BIT, 2**32 - 1 if is_unsigned else 2**31 - 1)
    return next((scale for scale in scales if highest <= scale), scales[-1])


def _floats(values: np.ndarray) -> np.ndarray:
    """Grey of floats as (H, W) uint8."""
    if not np.isfinite(values).all():
        raise ImageError("it has numbers that are not finite")
    lowest, highest = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    # Up to 2 of 255 is black, and most likely [0, 1] with a little too much.
    if lowest < 0 or highest > 255 or 1 < highest < 2:
        raise ImageError(
            f"its numbers, from {lowest:g} to {highest:g}, fill neither [0, 1] nor [0, 255]"
        )
    return np.rint(values * (255 if highest <= 1 else 1)).astype(np.uint8)


def _grey_to_bgr(image: np.ndarray) -> np.ndarray:
    return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)


def _over_white(image: np.ndarray) -> np.ndarray:
    """(H, W, 4) uint8 with alpha as (H, W, 3); in strips, whose integers are twice as wide."""
    result = np.empty((*image.shape[:2], 3), np.uint8)
    for rows in _strips(*image.shape[:2]):
        strip = image[rows].astype(np.uint16)
        colour, alpha = strip[..., :3], strip[..., 3:]
        result[rows] = (colour * alpha + 255 * (255 - alpha) + 127) // 255
    return result


_CONVERSIONS = {1: _grey_to_bgr, 3: lambda image: image, 4: _over_white}
"""By number of channels."""
