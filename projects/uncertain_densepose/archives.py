"""Archives and headers that claim more than memory holds, found before any of it is unpacked.

A few kilobytes of a `.npz` can unpack to a terabyte, and a header of a hundred bytes can ask for an
array of any size. What passes these checks is read by the libraries that the formats come from.
"""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from tokenize import TokenError

import numpy as np

MAX_ARRAYS = 4 * 2**30
"""Bytes of all arrays of a `.npz`. The largest surface, SMPL's with its table of distances, has
0.8 GB; people have 45 bytes a pixel of their windows."""

MAX_SAFETENSORS_HEADER = 16 * 2**20
"""Bytes of the header of a `.safetensors`; a model of a thousand tensors has 0.1 MB."""

_NO_HEADER = (MemoryError, RecursionError, SyntaxError, TypeError, ValueError, TokenError)
"""What NumPy raises for the text of a damaged header, which it reads as Python."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


class ArchiveError(zipfile.BadZipFile, ValueError):
    """An archive or header that claims too much, or is damaged. The file is not named."""


def check_npz(path: str | os.PathLike[str], limit: int = MAX_ARRAYS) -> None:
    """Refuse a `.npz` whose arrays claim more bytes than it has for them, or than `limit`.

    Raises:
        ArchiveError: it does, or is damaged or packed in a way that NumPy does not write.
        OSError: the file cannot be read.
    """
    if not zipfile.is_zipfile(path):
        raise ArchiveError("the archive's directory is missing")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(members, limit)
            for member in members:
                if member.filename.endswith(".npy"):
                    with archive.open(member) as file:
                        _check_header(file, member.file_size)
    except (EOFError, RuntimeError, zlib.error) as error:
        raise ArchiveError(f"damaged: {error}") from error


def check_npy(path: str | os.PathLike[str]) -> None:
    """Refuse a `.npy` whose header claims another size than the file has.

    Raises:
        ArchiveError: it does, or has no header.
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        _check_header(file, os.path.getsize(path))


def check_stored(path: str | os.PathLike[str]) -> None:
    """Refuse a zip archive, as torch's checkpoints are, that unpacks to more than its own size.

    Torch packs nothing. Other files pass.

    Raises:
        ArchiveError: some of it is packed, or members share their bytes.
        OSError: the file cannot be read.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ArchiveError("it is packed, which torch never does")
    _check_members(members, os.path.getsize(path))


def check_safetensors_header(path: str | os.PathLike[str]) -> None:
    """Refuse a `.safetensors` with a header beyond `MAX_SAFETENSORS_HEADER`.

    Raises:
        ArchiveError: the header is longer, or longer than the file.
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > min(MAX_SAFETENSORS_HEADER, max(os.path.getsize(path) - 8, 0)):
        raise ArchiveError(f"its header claims {length} bytes")


def _check_members(members: list[zipfile.ZipInfo], limit: int) -> None:
    if any(m.compress_type not in _METHODS or m.flag_bits & _ENCRYPTED for m in members):
        raise ArchiveError("packed in a way that NumPy does not write")
    claimed = sum(member.file_size for member in members)
    if claimed > limit:
        raise ArchiveError(f"it unpacks to {claimed} bytes, more than {limit}")


def _check_header(file, size: int) -> None:
    """Compare what the header of an array claims with the `size` of the file that it is in."""
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ArchiveError(f"has version {version} of the .npy format")
        shape, _, dtype = read(file)
    except _NO_HEADER as error:
        raise ArchiveError(f"no header of an array ({error})") from error
    if dtype.hasobject:
        return  # Refused where it is read, since it is a pickle.
    claimed = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or claimed != size - file.tell():
        raise ArchiveError(
            f"its header claims an array of shape {shape} and {claimed} bytes, but it has "
            f"{size - file.tell()}"
        )
