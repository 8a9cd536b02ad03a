"""The forms in which result files hold quantised dense pose.

Each represents an array (3, h, w) uint8 over the pixels of a detection's box: the chart I, 1..24 or
0 for background, then 255 U and 255 V. A record has one of

- `"densepose": [[[...], ...], ...]`: the array as nested lists;
- `"densepose": {"labels_uv_uint8": [[[...], ...], ...]}`: the same, named as in DensePose's
  `DensePoseChartResultQuantized`;
- `"densepose": {"shape_chw": [3, h, w], "labels_uv_str": "..."}`: as DensePose's
  `DensePoseChartResultCompressed`, a PNG in base64 whose red, green and blue are I, U and V;
- `"uv_shape": [3, h, w], "uv_data": "..."`: the same PNG, in the files of the DensePose challenges
  of 2018 and 2019.
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
import zlib

import numpy as np
from PIL import Image

from ...errors import FieldError
from ...surface import NUM_PARTS

_SIDE_TOLERANCE = 1.1
"""Pixels by which an array and its box may differ: sides are rounded up or down, and the challenges
advise to write boxes with one decimal."""

MAX_PIXELS = 50_000_000
"""Of an array, 150 MB; a picture of 8660 x 5770 pixels that one person fills."""

_IMAGE_ERRORS = (
    OSError,
    SyntaxError,  # What Pillow raises for a broken PNG.
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def decode_iuv(record: dict, box: np.ndarray) -> np.ndarray:
    """The array of a record in any of the forms above.

    Args:
        record: of a result file.
        box: (4,) XYWH pixels of the detection; the array must have its size, rounded up or down.

    Returns:
        (3, h, w) uint8.

    Raises:
        FieldError: there is no array or more than one, it cannot be decoded, it does not have the
            shape of the box, or a part is not in 0..24.
    """
    field = _field_of(record)
    iuv = _READERS[field](record, box)
    if iuv[0].max() > NUM_PARTS:
        raise FieldError(field, f"has the part {iuv[0].max()}, expected 0..{NUM_PARTS}")
    return iuv


def _field_of(record: dict) -> str:
    fields = [field for field in _READERS if field in record]
    if not fields:
        raise FieldError("densepose", "is missing, and so is 'uv_data'")
    if len(fields) > 1:
        raise FieldError(fields[1], f"is given besides '{fields[0]}'; keep one of them")
    return fields[0]


def _read_densepose(record: dict, box: np.ndarray) -> np.ndarray:
    value = record["densepose"]
    if not isinstance(value, dict):
        return _from_lists("densepose", value, box)
    if "labels_uv_uint8" in value:
        return _from_lists("densepose", value["labels_uv_uint8"], box)
    if "labels_uv_str" in value:
        return _from_png("densepose", value["labels_uv_str"], value.get("shape_chw"), box)
    raise FieldError("densepose", "has neither 'labels_uv_uint8' nor 'labels_uv_str'")


def _read_uv_data(record: dict, box: np.ndarray) -> np.ndarray:
    return _from_png("uv_data", record["uv_data"], record.get("uv_shape"), box)


_READERS = {"densepose": _read_densepose, "uv_data": _read_uv_data}


def _from_lists(field: str, value: object, box: np.ndarray) -> np.ndarray:
    try:
        array = np.array(value)
    except ValueError as error:
        raise FieldError(field, "is not an array: its lists differ in length") from error
    if array.dtype.kind not in "iu":
        raise FieldError(field, "is not an array of integers")
    _check_shape(field, array.shape, box)
    if array.min() < 0 or array.max() > 255:
        raise FieldError(field, f"has values {array.min()}..{array.max()}, expected 0..255")
    return array.astype(np.uint8)


def _from_png(field: str, text: object, shape: object, box: np.ndarray) -> np.ndarray:
    if not isinstance(shape, list) or not all(type(side) is int for side in shape):
        raise FieldError(field, "needs a shape of three integers beside it")
    # Before decoding: a short string must not make us decode a large image.
    _check_shape(field, tuple(shape), box)
    if not isinstance(text, str):
        raise FieldError(field, "is not a string in base64")
    try:
        encoded = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FieldError(field, f"is not a string in base64 ({error})") from error
    try:
        image = Image.open(io.BytesIO(encoded), formats=["PNG"])
        found = image.mode, image.size
        if found == ("RGB", (shape[2], shape[1])):
            image.load()
    except _IMAGE_ERRORS as error:
        raise FieldError(field, f"cannot be decoded as PNG ({error})") from error
    if found != ("RGB", (shape[2], shape[1])):
        raise FieldError(
            field,
            f"is a PNG of {found[1][0]} x {found[1][1]} pixels, {found[0]}; expected RGB of"
            f" {shape[2]} x {shape[1]}",
        )
    return np.moveaxis(np.asarray(image), -1, 0)


def _check_shape(field: str, shape: tuple[int, ...], box: np.ndarray) -> None:
    if len(shape) != 3 or shape[0] != 3:
        raise FieldError(field, f"has shape {shape}, expected (3, height, width)")
    if shape[1] * shape[2] > MAX_PIXELS:
        raise FieldError(field, f"has shape {shape}, more than {MAX_PIXELS} pixels")
    width, height = np.maximum(box[2:], 1.0)
    off = max(abs(shape[1] - height), abs(shape[2] - width))
    if min(shape) < 1 or off > _SIDE_TOLERANCE:
        raise FieldError(
            field, f"has shape {shape}, but the box is {width:g} pixels wide and {height:g} high"
        )
