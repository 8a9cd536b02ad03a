"""Images of any usual kind converted to network input: (H, W, 3) uint8, blue, green, red.

- grey, (H, W) or (H, W, 1): copied to all three channels;
- 16-bit: divided by 257, so that 65535 becomes 255;
- with alpha, (H, W, 4): composited over white;
- files: read by Pillow and rotated upright by their EXIF orientation; palette, CMYK and 1-bit
  images become BGR, and an animation is its first frame.
"""

from __future__ import annotations

import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import UserError

_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What Pillow raises for damaged files."""

_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
_MAX_16_BIT = 65535


class ImageError(UserError, ValueError):
    """An image that cannot be used. The message is one line that names the file, if any."""


def read_image(path: str | os.PathLike) -> np.ndarray:
    """Read an image file as (H, W, 3) uint8, blue, green, red.

    Raises:
        ImageError: the file does not exist, is not an image, is truncated or damaged, has more
            pixels than Pillow considers safe, or has pixel values that are not 8 or 16 bits.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise ImageError(f"{path}: {'is a folder' if os.path.isdir(path) else 'no such image'}")
    try:
        with Image.open(path) as file:
            file.load()
            pixels = _pixels(ImageOps.exif_transpose(file))
    except UnidentifiedImageError as error:
        raise ImageError(f"{path}: not an image, or in a format that Pillow cannot read") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{path}: {error}; use a smaller image") from error
    except _DAMAGE as error:
        raise ImageError(f"{path}: damaged or truncated image: {error}") from error
    try:
        return as_bgr(pixels)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error


def _pixels(image: Image.Image) -> np.ndarray:
    """A Pillow image as an array for :func:`as_bgr`, its colours as blue, green, red."""
    if image.mode.startswith("I"):
        # 16-bit images have mode I or I;16, depending on the version of Pillow.
        values = np.asarray(image)
        fits = values.size and 0 <= values.min() and values.max() <= _MAX_16_BIT
        return values.astype(np.uint16) if fits else values
    if image.mode == "F":
        return np.asarray(image)
    has_alpha = image.mode in _WITH_ALPHA or "transparency" in image.info
    colours = np.asarray(image.convert("RGBA" if has_alpha else "RGB"))
    return colours[..., [2, 1, 0, 3] if has_alpha else [2, 1, 0]]


def as_bgr(image: np.ndarray) -> np.ndarray:
    """Convert an array to (H, W, 3) uint8, blue, green, red.

    Args:
        image: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8 or uint16; channels blue, green, red,
            alpha, as `cv2.imread` returns them.

    Returns:
        The array itself if nothing has to be converted.

    Raises:
        ImageError: it is not an array, has another shape or type, or has no pixels.
    """
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


def _grey_to_bgr(image: np.ndarray) -> np.ndarray:
    return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)


def _over_white(image: np.ndarray) -> np.ndarray:
    alpha = image[..., 3:].astype(np.float32) / 255
    return np.rint(image[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


_CONVERSIONS = {1: _grey_to_bgr, 3: lambda image: image, 4: _over_white}
"""By number of channels."""
