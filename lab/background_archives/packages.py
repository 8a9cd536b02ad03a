"""Pictures inside packages: panoramas of npm's @pmndrs/assets, wallpapers of Debian."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import io
import json
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from synthetic_people.background_files import decode_exr
from uncertain_densepose.errors import UserError

from .copyright_file import CopyrightFile

_MAX_BYTES = 1 << 28
_PHOTOGRAPHS = (".jpg", ".jpeg", ".png", ".webp")
_DATA_URL = re.compile(r"base64,([A-Za-z0-9+/=]+)")
_DAMAGE = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError)


class PackageError(UserError, ValueError):
    """A package that cannot be read, or has no pictures. The message names it."""


@dataclasses.dataclass(frozen=True)
class PackagedPicture:
    """Attributes:
    name: of the file to write.
    content: its bytes.
    licence, copyright: as the package says.
    source: the package and the file in it.
    """

    name: str
    content: bytes
    licence: str
    copyright: str
    source: str


def read_package(path: Path) -> list[PackagedPicture]:
    """The pictures of a package.

    Args:
        path: ``.tgz`` of npm's @pmndrs/assets, or a ``.deb`` whose data are packed by xz or gzip.

    Raises:
        PackageError: it is neither, is damaged, or has no pictures.
        FileNotFoundError: there is no such file.
    """
    content = path.read_bytes()
    try:
        if content.startswith(b"!<arch>\n"):
            pictures = list(_of_debian(path, content))
        else:
            pictures = list(_of_npm(path, content))
    except _DAMAGE as error:
        raise PackageError(f"{path}: damaged, or no package of npm or Debian: {error}") from error
    if not pictures:
        raise PackageError(f"{path}: a package without panoramas or photographs")
    return pictures


def _of_npm(path: Path, content: bytes) -> Iterator[PackagedPicture]:
    files = dict(_files(content, ("package/package.json", "package/hdri/")))
    package = json.loads(files.get("package/package.json", b"{}"))
    for name, text in sorted(files.items()):
        if not name.endswith(".exr.js"):
            continue
        found = _DATA_URL.search(text.decode("ascii", "replace"))
        try:
            linear = decode_exr(base64.b64decode(found[1])) if found else None
        except binascii.Error:
            linear = None
        if linear is None:
            raise PackageError(f"{path}: {name} holds no OpenEXR picture that can be read")
        stem = PurePosixPath(name).name.removesuffix(".exr.js")
        yield PackagedPicture(
            name=f"{stem}.hdr",
            content=as_radiance(without_ringing(linear)),
            licence=str(package.get("license", "")),
            copyright=str(package.get("author", "")),
            source=f"npm {package.get('name')} {package.get('version')}: {name}",
        )


def _of_debian(path: Path, content: bytes) -> Iterator[PackagedPicture]:
    data = next((part for name, part in _ar(content) if name.startswith("data.tar")), b"")
    files = dict(_files(data, ("./usr/share/",)))
    copyrights = [
        CopyrightFile(text.decode("utf-8", "replace"))
        for name, text in files.items()
        if name.endswith("/copyright")
    ]
    for name, picture in sorted(files.items()):
        pure = PurePosixPath(name)
        if pure.suffix.lower() not in _PHOTOGRAPHS or not copyrights:
            continue
        licence, holders = copyrights[0].of(pure.name)
        yield PackagedPicture(
            pure.name, picture, licence, holders, f"Debian {path.name}: {name.removeprefix('./')}"
        )


def _ar(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of the members of an ``ar`` archive."""
    start = 8
    while start + 60 <= len(content):
        header = content[start : start + 60]
        size = int(header[48:58])
        yield header[:16].decode("ascii").strip().rstrip("/"), content[start + 60 :][:size]
        start += 60 + size + size % 2


def _files(archive: bytes, beginnings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the regular files of a packed tar archive, all together limited."""
    left = _MAX_BYTES
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            if not member.isreg() or not member.name.startswith(beginnings):
                continue
            left -= member.size
            if left < 0:
                raise tarfile.TarError(f"more than {_MAX_BYTES >> 20} MiB")
            file = tar.extractfile(member)
            if file is not None:
                yield member.name, file.read()


def without_ringing(linear: np.ndarray) -> np.ndarray:
    """A panorama without the dark rings and odd colours around lamps that lossy packing left.

    Near pixels 50 times as bright as the median, a channel that is lower than all around it is
    filled up, and no channel of the lamp itself is below half of the highest.

    Args:
        linear: (H, W, 3) float32.
    """
    linear = np.maximum(linear, 0.0)
    lamp = linear.max(axis=2) > 50 * max(float(np.median(linear)), 1e-6)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    near = cv2.dilate(lamp.astype(np.uint8), kernel) > 0
    filled = cv2.morphologyEx(linear, cv2.MORPH_CLOSE, kernel)
    neutral = np.maximum(linear, 0.5 * linear.max(axis=2, keepdims=True))
    return np.where(lamp[..., None], neutral, np.where(near[..., None], filled, linear))


def as_radiance(linear: np.ndarray) -> bytes:
    """A Radiance file, ``.hdr``, of (H, W, 3) float32 linear RGB."""
    done, data = cv2.imencode(".hdr", np.ascontiguousarray(linear[:, :, ::-1]))
    if not done:
        raise RuntimeError("OpenCV could not encode a Radiance file")
    return data.tobytes()
