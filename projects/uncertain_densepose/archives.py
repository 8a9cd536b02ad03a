"""Archives and headers that claim more than memory holds, found before any of it is unpacked.

A few kilobytes of a `.npz` can unpack to a terabyte, and a header of a hundred bytes can ask for an
array of any size. What passes these checks is read by the libraries that the formats come from, and
what these raise for damaged files becomes one error.
"""

from __future__ import annotations

import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tokenize import TokenError
from typing import IO, Any

import numpy as np

MAX_ARRAYS = 4 * 2**30
"""Bytes of all arrays of a `.npz`. The largest surface, SMPL's with its table of distances, has
0.8 GB; people have 45 bytes a pixel of their windows."""

MAX_SAFETENSORS_HEADER = 16 * 2**20
"""Bytes of the header of a `.safetensors`; a model of a thousand tensors has 0.1 MB."""

DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError),
    *(ArithmeticError, AttributeError, LookupError, MemoryError, SyntaxError, TokenError),
    TypeError,
)
"""What `zipfile`, and NumPy that reads the text of a header as Python, raise for damaged files that
are open."""

_FOLDER = 0x10
"""The bit of a member's attributes that makes it a folder, of which torch's reader returns whatever
is in memory."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


class ArchiveError(zipfile.BadZipFile, ValueError):
    """An archive or header that claims too much, or is damaged. The file is not named."""


class PickledArrayError(ArchiveError):
    """An array of an archive that is a pickle."""


class NpzArrays(Mapping[str, np.ndarray[Any, Any]]):
    """The arrays of an open `.npz` by name; each is read when it is looked up.

    A lookup raises KeyError where there is no such array, PickledArrayError where it is no plain
    array, and ArchiveError where it is damaged or differs from its checksum.
    """

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self._members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        member = self._members[name]
        try:
            with self._archive.open(member) as file:
                if array_header(file)[1].hasobject:
                    raise PickledArrayError(f"array '{name}' is not a plain array")
            with self._archive.open(member) as file:
                values: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
        except PickledArrayError:
            raise
        except DAMAGE as error:
            raise ArchiveError(f"array '{name}' is damaged ({_first_line(error)})") from error
        return values

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


@contextmanager
def open_npz(path: str | os.PathLike[str], limit: int = MAX_ARRAYS) -> Iterator[NpzArrays]:
    """Open a `.npz`, without pickle.

    Args:
        path: the file.
        limit: bytes of all of its arrays.

    Raises:
        ArchiveError: its arrays claim more bytes than it has for them, or than `limit`; it is
            damaged, or holds something that NumPy does not write.
        OSError: the file cannot be read.
    """
    with _opened(path) as archive:
        _check_arrays(archive, limit)
        yield NpzArrays(archive)


def _is_archive(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a zip archive; one whose directory is damaged counts."""
    with open(path, "rb") as file:
        try:
            return zipfile.is_zipfile(file)
        except DAMAGE:
            return True


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    with open(path, "rb") as file:
        try:
            if not zipfile.is_zipfile(file):
                raise ArchiveError("the archive's directory is missing")
            archive = zipfile.ZipFile(file)
        except ArchiveError:
            raise
        except DAMAGE as error:
            raise ArchiveError(
                f"the archive's directory is damaged ({_first_line(error)})"
            ) from error
        with archive:
            yield archive


def _check_arrays(archive: zipfile.ZipFile, limit: int) -> None:
    members = archive.infolist()
    _check_members(members, limit)
    names = [member.filename for member in members]
    if len(set(names)) < len(names) or not all(name.endswith(".npy") for name in names):
        raise ArchiveError("it holds files that are no arrays, or two of one name")
    for member in members:
        try:
            with archive.open(member) as file:
                _check_header(file, member.file_size)
        except ArchiveError:
            raise
        except DAMAGE as error:
            raise ArchiveError(f"{member.filename!r} is damaged ({_first_line(error)})") from error


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
    if not _is_archive(path):
        return
    with _opened(path) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ArchiveError("it is packed, which torch never does")
    _check_members(members, os.path.getsize(path))


def check_sums(path: str | os.PathLike[str]) -> None:
    """Compare the members of a checkpoint of torch with their checksums. Other files pass.

    Raises:
        ArchiveError: they differ, a member is a folder, or the archive is damaged otherwise.
        OSError: the file cannot be read.
    """
    if not _is_archive(path):
        return
    with _opened(path) as archive:
        if any(member.external_attr & _FOLDER for member in archive.infolist()):
            raise ArchiveError("it has folders, which torch never writes")
        try:
            damaged = archive.testzip()
        except DAMAGE as error:
            raise ArchiveError(type(error).__name__) from error
    if damaged is not None:
        raise ArchiveError(damaged)


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


def _first_line(error: BaseException) -> str:
    """What an error says; NumPy goes on with advice to trust the file."""
    return str(error).partition("\n")[0] or type(error).__name__


def _check_members(members: list[zipfile.ZipInfo], limit: int) -> None:
    if any(m.compress_type not in _METHODS or m.flag_bits & _ENCRYPTED for m in members):
        raise ArchiveError("packed in a way that NumPy does not write")
    claimed = sum(member.file_size for member in members)
    if claimed > limit:
        raise ArchiveError(f"it unpacks to {claimed} bytes, more than {limit}")


def array_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type that the header of a `.npy` claims, which an open file begins with.

    Raises:
        ArchiveError: it has none that NumPy writes for plain arrays.
        OSError: the file cannot be read.
    """
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ArchiveError(f"has version {version} of the .npy format")
        shape, _, dtype = read(file)
    except DAMAGE as error:
        raise ArchiveError(f"no header of an array ({_first_line(error)})") from error
    return shape, dtype


def _check_header(file: IO[bytes], size: int) -> None:
    """Compare what the header of an array claims with the `size` of the file that it is in."""
    shape, dtype = array_header(file)
    if dtype.hasobject:
        return  # Refused where it is read, since it is a pickle.
    claimed = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or claimed != size - file.tell():
        raise ArchiveError(
            f"its header claims an array of shape {shape} and {claimed} bytes, but it has "
            f"{size - file.tell()}"
        )
