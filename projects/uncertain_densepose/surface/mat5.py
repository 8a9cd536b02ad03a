"""Arrays and cells of `.mat` files of MATLAB 5 to 7.2, read without native code.

SciPy's reader ends the process (SIGSEGV) at some damaged files. This one checks every length before
it reads. The format is MathWorks' "MAT-File Format": a header of 128 bytes, then elements of a tag
(type and size), data, and padding to 8 bytes.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

MAX_BYTES = 1 << 29
"""Of a compressed variable; more is refused. DensePose's largest has 13 MB."""

_STORED = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_CLASSES = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8",
}  # fmt: skip
_MATRIX, _COMPRESSED, _CELL = 14, 15, 1
_COMPLEX = 0x0800
_HEADER = 128
_NAME_LIES_WITHIN = 1024
_MAX_DEPTH = 8

MatValue = np.ndarray | list | None
"""An array of numbers, the values of a cell array in MATLAB's order, or None for anything else."""


class MatFileError(ValueError):
    """A file that is damaged or not of this format."""


class _Element(NamedTuple):
    kind: int
    data: memoryview


class _Variable(NamedTuple):
    """The head of a matrix: its class, flags, shape and name, and what follows."""

    array_class: int
    flags: int
    shape: tuple[int, ...]
    name: str
    rest: memoryview


def read_mat5(path: str | os.PathLike[str], names: Collection[str]) -> dict[str, MatValue]:
    """Some variables of a file, those that it has.

    Args:
        path: of the file.
        names: of the variables.

    Raises:
        OSError: the file cannot be read.
        MatFileError: it is damaged, or not of MATLAB 5 to 7.2.
    """
    content = memoryview(Path(path).read_bytes())
    order = {b"IM": "<", b"MI": ">"}.get(bytes(content[126:_HEADER]))
    if order is None:
        raise MatFileError("it has no header of MATLAB 5")
    if bytes(content[:10]) == b"MATLAB 7.3":
        raise MatFileError("it is of MATLAB 7.3; save it with the option -v7")
    found: dict[str, MatValue] = {}
    for kind, data in _elements(content[_HEADER:], order):
        if kind == _COMPRESSED:
            beginning = _unpacked(data, _NAME_LIES_WITHIN)
            if _variable(beginning[8:], order).name not in names:
                continue
            kind, data = _first(_unpacked(data, MAX_BYTES), order)
        if kind != _MATRIX:
            raise MatFileError(f"it has an element of type {kind} where a variable begins")
        variable = _variable(data, order)
        if variable.name in names:
            found[variable.name] = _value(variable, order, _MAX_DEPTH)
    return found


def _elements(content: memoryview, order: str) -> Iterator[_Element]:
    while len(content):
        if len(content) < 8:
            raise MatFileError("it ends within a tag")
        kind, size = struct.unpack(f"{order}II", content[:8])
        start, end = 8, 8 + size
        if kind >> 16:  # A small element, whose data is in its tag.
            kind, size = kind & 0xFFFF, kind >> 16
            start, end = 4, 4 + size
            if size > 4:
                raise MatFileError(f"it has a small element of {size} bytes")
        if end > len(content):
            raise MatFileError(f"an element of {size} bytes ends behind the file")
        yield _Element(kind, content[start:end])
        content = content[end if kind == _COMPRESSED else 8 * math.ceil(end / 8) :]


def _first(content: memoryview, order: str) -> _Element:
    for element in _elements(content, order):
        return element
    raise MatFileError("a variable is empty")


def _unpacked(data: memoryview, limit: int) -> memoryview:
    """The first `limit` bytes of a compressed element, or all of it if that is less.

    Raises:
        MatFileError: it is damaged; or it is larger, and `limit` is `MAX_BYTES`.
    """
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(data, limit)
        if limit == MAX_BYTES and not unpacker.eof:
            raise MatFileError(f"a compressed variable is cut off, or has over {limit} bytes")
    except zlib.error as error:
        raise MatFileError(f"a compressed variable is damaged: {error}") from error
    return memoryview(unpacked)


def _variable(data: memoryview, order: str) -> _Variable:
    """The head of a matrix; its data may be cut off."""
    parts = []
    for _ in range(3):
        if len(data) < 8:
            raise MatFileError("a variable ends within its head")
        length = _length(data, order)
        parts.append(_first(data[:length], order))
        data = data[length:]
    flags, shape, name = parts
    if flags.kind != 6 or len(flags.data) != 8 or shape.kind != 5 or name.kind != 1:
        raise MatFileError("a variable has a malformed head")
    word = struct.unpack(f"{order}II", flags.data)[0]
    sides = np.frombuffer(shape.data[: len(shape.data) // 4 * 4], f"{order}i4").tolist()
    if not 2 <= len(sides) <= 32 or min(sides) < 0:
        raise MatFileError(f"a variable has the shape {sides}")
    text = bytes(name.data).decode("latin-1")
    return _Variable(word & 0xFF, word & 0xFF00, tuple(sides), text, data)


def _length(data: memoryview, order: str) -> int:
    """The bytes of the element that comes first, with tag and padding."""
    kind, size = struct.unpack(f"{order}II", data[:8])
    return 8 if kind >> 16 else 8 + 8 * math.ceil(size / 8)


def _value(variable: _Variable, order: str, depth: int) -> MatValue:
    count = math.prod(variable.shape)
    if variable.array_class == _CELL:
        return _cells(variable, count, order, depth)
    if variable.array_class not in _CLASSES or variable.flags & _COMPLEX:
        return None
    parts = list(_elements(variable.rest, order))
    if len(parts) != 1 or parts[0].kind not in _STORED:
        raise MatFileError(f"the numbers of '{variable.name}' are malformed")
    stored = np.dtype(f"{order}{_STORED[parts[0].kind]}")
    if len(parts[0].data) != count * stored.itemsize:
        raise MatFileError(
            f"'{variable.name}' has {len(parts[0].data)} bytes, expected {count} numbers of "
            f"{stored.itemsize}"
        )
    # MATLAB stores whole numbers in the smallest type that holds them.
    values = np.frombuffer(parts[0].data, stored).astype(_CLASSES[variable.array_class])
    return values.reshape(variable.shape, order="F")


def _cells(variable: _Variable, count: int, order: str, depth: int) -> list:
    cells = list(_elements(variable.rest, order))
    if len(cells) != count or not depth or any(cell.kind != _MATRIX for cell in cells):
        raise MatFileError(f"the cells of '{variable.name}' are malformed")
    return [
        _value(_variable(cell.data, order), order, depth - 1) if len(cell.data) else np.zeros(0)
        for cell in cells
    ]
