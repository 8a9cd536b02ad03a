"""What callers give as a picture, and what a network is given of it."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.data import transforms as T
from PIL import Image

from ..data.picture_file import (
    ImageError,
    as_bgr,
    check_channel_order,
    decode_image,
    in_channel_order,
    read_image,
)

ImageOrPath = np.ndarray | torch.Tensor | Image.Image | bytes | str | os.PathLike
"""An array, a tensor of an array's shape, or a picture of Pillow, see `picture_file.as_bgr`; the
path of an image file, see `read_image`, or the bytes of one."""

_PIXELS_PER_STRIP = 1 << 22


def image_array(image: ImageOrPath) -> np.ndarray:
    """A picture as (H, W, 3) uint8, blue, green, red.

    Raises:
        ImageError: it cannot be used.
    """
    if isinstance(image, (str, os.PathLike)):
        return read_image(image)
    if isinstance(image, bytes):
        return decode_image(image)
    return as_bgr(_array_of(image) if isinstance(image, torch.Tensor) else image)


def image_arrays(images: Sequence[ImageOrPath]) -> list[np.ndarray]:
    """:func:`image_array` of each; an ImageError has the number of one of several."""
    arrays = []
    for number, image in enumerate(images):
        try:
            arrays.append(image_array(image))
        except ImageError as error:
            raise ImageError(f"image {number}: {error}" if len(images) > 1 else error) from error
    return arrays


def _array_of(image: torch.Tensor) -> np.ndarray:
    if image.dtype != torch.uint8:
        raise ImageError(f"a tensor must be uint8 in [0, 255], not {image.dtype}")
    if image.ndim == 3 and len(image) in (3, 4) and image.shape[2] not in (3, 4):
        raise ImageError(
            f"a tensor must be (H, W, 3), blue, green, red, not {tuple(image.shape)}:"
            " permute(1, 2, 0) puts its channels last, flip(2) makes RGB BGR"
        )
    return image.detach().cpu().numpy()


def resized_in_strips(pixels: np.ndarray, resize: T.Transform) -> np.ndarray:
    """`resize.apply_image(pixels)` to the last bit, without a copy of a large picture.

    Pillow resizes rows first, each by itself, and then columns; what it is given, it copies.

    Args:
        pixels: (H, W, 3) uint8.
        resize: of `ResizeShortestEdge`.
    """
    height, width = pixels.shape[:2]
    if not isinstance(resize, T.ResizeTransform) or height * width <= _PIXELS_PER_STRIP:
        return np.asarray(resize.apply_image(pixels))
    step = max(_PIXELS_PER_STRIP // width, 1)
    narrow = np.empty((height, resize.new_w, 3), np.uint8)
    for first in range(0, height, step):
        rows = pixels[first : first + step]
        across = T.ResizeTransform(*rows.shape[:2], len(rows), resize.new_w, resize.interp)
        narrow[first : first + step] = across.apply_image(rows)
    down = T.ResizeTransform(height, resize.new_w, resize.new_h, resize.new_w, resize.interp)
    return np.asarray(down.apply_image(narrow))


class NetworkInput:
    """Makes what Detectron2's models are given of a picture.

    Args:
        cfg: of the model; `INPUT` is used.

    Raises:
        ConfigError: `INPUT.FORMAT` is neither BGR nor RGB.
    """

    def __init__(self, cfg: CfgNode):
        check_channel_order(cfg.INPUT.FORMAT)
        self._channel_order = cfg.INPUT.FORMAT
        self._shortest, self._longest = cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST
        self._resize = T.ResizeShortestEdge([self._shortest] * 2, self._longest)

    def whole(self, image: np.ndarray) -> dict:
        """Of a whole picture (H, W, 3) uint8 BGR, at the size of the config.

        Raises:
            ImageError: nothing would be left of its shorter side.
        """
        height, width = image.shape[:2]
        if self._shortest and not all(
            T.ResizeShortestEdge.get_output_shape(height, width, self._shortest, self._longest)
        ):
            raise ImageError(
                f"an image of {width} x {height} pixels is too narrow: when its longer side is "
                f"{self._longest} pixels, nothing is left of the shorter one"
            )
        return self._resized(image, self._resize.get_transform(image))

    def scaled(self, image: np.ndarray, size: tuple[int, int]) -> dict:
        """Of a picture (H, W, 3) uint8 BGR, at the height and width `size`, pixels."""
        return self._resized(image, T.ResizeTransform(*image.shape[:2], *size))

    def _resized(self, image: np.ndarray, resize: T.Transform) -> dict:
        resized = resized_in_strips(in_channel_order(image, self._channel_order), resize)
        pixels = torch.from_numpy(resized.astype(np.float32).transpose(2, 0, 1).copy())
        return {"image": pixels, "height": image.shape[0], "width": image.shape[1]}
