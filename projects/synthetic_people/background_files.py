"""The pictures of a folder that are backgrounds: which they are, and reading them."""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path

import av
import cv2
import numpy as np

from uncertain_densepose.errors import UserError

from .panorama import Panorama
from .photograph import Photograph
from .textures import srgb_to_linear

HDR_SUFFIXES = (".exr", ".hdr")
PICTURE_SUFFIXES = (
    *HDR_SUFFIXES,
    *(".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"),
)
"""Files with other endings are no backgrounds."""

PANORAMA_WORD = "pano"
"""What the names of 8-bit panoramas contain."""

_LONGEST_SIDE_PX = 1600
_MAX_BYTES = 1 << 29


class BackgroundError(UserError, ValueError):
    """A folder or picture that cannot be a background. The message names it."""


def find_backgrounds(folder: Path) -> dict[str, int]:
    """Name, relative to the folder, and CRC-32 of each picture in it and its subfolders.

    Each is read, so that a damaged one is found before any work.

    Raises:
        BackgroundError: the folder does not exist or has no picture, or a picture cannot be read.
    """
    if not folder.is_dir():
        raise BackgroundError(f"{folder}: no such folder of backgrounds")
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()
    )
    if not paths:
        raise BackgroundError(
            f"{folder}: no picture ends with {', '.join(PICTURE_SUFFIXES)}; nothing to put behind "
            "people"
        )
    checksums = {}
    for path in paths:
        read_background(path)
        checksums[path.relative_to(folder).as_posix()] = zlib.crc32(path.read_bytes())
    return checksums


def read_background(path: Path) -> Panorama | Photograph:
    """Read a photograph or a panorama, and make it smaller if it is longer than 1600 pixels.

    ``.hdr`` (Radiance) and ``.exr`` (OpenEXR) files are panoramas in linear units of any scale.
    Other files are read as all pictures are; one twice as wide as high whose name contains "pano"
    is a panorama, others are flat.

    Raises:
        BackgroundError: it is damaged, has numbers that are not finite, or is a panorama that is
            not twice as wide as high.
    """
    if path.suffix.lower() in HDR_SUFFIXES:
        linear = _read_hdr(path)
        if not _is_twice_as_wide(linear):
            height, width = linear.shape[:2]
            raise BackgroundError(
                f"{path}: a panorama must be twice as wide as high, not {width} x {height}"
            )
        return Panorama(_at_most(linear))
    # Imported only now: the renderer itself needs no Detectron2, which the reader comes with.
    from uncertain_densepose.data.picture_file import ImageError, read_image

    try:
        pixels = _at_most(read_image(path))
    except ImageError as error:
        raise BackgroundError(str(error)) from error
    rgb = np.ascontiguousarray(pixels[:, :, ::-1])
    if PANORAMA_WORD in path.stem.lower() and _is_twice_as_wide(rgb):
        return Panorama(srgb_to_linear(rgb / np.float32(255)))
    return Photograph(rgb)


def _is_twice_as_wide(pixels: np.ndarray) -> bool:
    height, width = pixels.shape[:2]
    return abs(width - 2 * height) <= 2


def _at_most(pixels: np.ndarray) -> np.ndarray:
    factor = _LONGEST_SIDE_PX / max(pixels.shape[:2])
    if factor >= 1:
        return pixels
    size = max(round(pixels.shape[1] * factor), 1), max(round(pixels.shape[0] * factor), 1)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _read_hdr(path: Path) -> np.ndarray:
    """(H, W, 3) float32 RGB, at least 0."""
    if os.path.getsize(path) > _MAX_BYTES:
        raise BackgroundError(f"{path}: larger than {_MAX_BYTES >> 20} MiB; use a smaller image")
    content = path.read_bytes()
    linear = decode_exr(content) if path.suffix.lower() == ".exr" else _decode_radiance(content)
    if linear is None or not linear.size:
        raise BackgroundError(f"{path}: damaged, or not of the format that its name says")
    if not np.isfinite(linear).all():
        raise BackgroundError(f"{path}: it has numbers that are not finite")
    return np.maximum(linear, 0.0)


def _decode_radiance(content: bytes) -> np.ndarray | None:
    if not content.startswith((b"#?RADIANCE", b"#?RGBE")):
        return None
    try:
        bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    return None if bgr is None else np.ascontiguousarray(bgr[:, :, ::-1], np.float32)


def decode_exr(content: bytes) -> np.ndarray | None:
    """(H, W, 3) float32 RGB of an OpenEXR file of three channels; None if it cannot be decoded.

    OpenCV's packages read none; FFmpeg reads all compressions.
    """
    try:
        with av.open(io.BytesIO(content), "r", format="exr_pipe") as container:
            frame = next(container.decode(video=0))
            kind = np.dtype({"gbrpf16le": "<f2", "gbrpf32le": "<f4"}[frame.format.name])
            green, blue, red = (
                np.frombuffer(bytes(plane), kind).reshape(frame.height, -1)[:, : frame.width]
                for plane in frame.planes
            )
    except (av.error.FFmpegError, StopIteration, KeyError, ValueError):
        return None
    return np.stack([red, green, blue], axis=2).astype(np.float32)
