"""`.mat` files of MATLAB 5 to 7: arrays of numbers, and cell arrays of them, by name.

SciPy's reader crashes the process on some damaged files. Here each size that a file claims is
compared with what is there before it is used. Layout: "MAT-File Format", The MathWorks, chapter 1.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

MAX_BYTES = 512 * 2**20
"""Of all variables, unpacked; those of DensePose's files have 30 MB."""

_HEADER_BYTES = 128
_BYTE_ORDERS = {b"IM": "<", b"MI": ">"}
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
"""By the number of a data type."""

_CELL, _NUMERIC = 1, range(6, 16)
"""Classes of arrays; others are characters, structures, objects and sparse matrices."""

_COMPLEX = 0x0800


class Mat5Error(ValueError):
    """A file that cannot be read, or a variable that is no array of numbers. No file is named."""


def read_mat5(
    path: str | os.PathLike[str], names: Collection[str]
) -> dict[str, np.ndarray[Any, Any]]:
    """Some variables of a file.

    Args:
        path: the file.
        names: of the variables; the others may be of any class.

    Returns:
        Those that are there: arrays (...) of the type that they are stored in, which may be smaller
        than the class that MATLAB shows, and for cell arrays object arrays (...) of such arrays.

    Raises:
        OSError: the file cannot be read.
        Mat5Error: it is damaged, of another version, unpacks to more than `MAX_BYTES`, or one of
            the variables is not an array of real numbers nor a cell array of those.
    """
    with open(path, "rb") as file:
        content = memoryview(file.read(MAX_BYTES + 1))
    order = _BYTE_ORDERS.get(bytes(content[126:_HEADER_BYTES]))
    if order is None:
        raise Mat5Error("it does not begin as files of MATLAB 5 do")
    found = {}
    room = MAX_BYTES - len(content)
    if room < 0:
        raise Mat5Error(f"it has more than {MAX_BYTES} bytes")
    for kind, data in _elements(content[_HEADER_BYTES:], order):
        if kind == _COMPRESSED:
            data = _unpacked(data, room)
            room -= len(data)
            kind, data = _first(data, order)
        if kind == _MATRIX:
            name, array = _named_array(data, order, names)
            if array is not None:
                found[name] = array
    return found


def _unpacked(data: memoryview, room: int) -> memoryview:
    try:
        content = zlib.decompressobj().decompress(data, room + 1)
    except zlib.error as error:
        raise Mat5Error(f"a variable is damaged ({error})") from error
    if len(content) > room:
        raise Mat5Error(f"it unpacks to more than {MAX_BYTES} bytes")
    return memoryview(content)


def _elements(content: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Type and data of each element of a sequence."""
    start = 0
    while len(content) - start >= 8:
        first, size = struct.unpack_from(f"{order}II", content, start)
        if first >> 16:
            # A small element: type, size and up to four bytes of data in eight.
            kind, size = first & 0xFFFF, first >> 16
            begin, following = start + 4, start + 8
            if size > 4:
                raise Mat5Error("an element is damaged")
        else:
            kind, begin = first, start + 8
            following = begin + size
            if kind != _COMPRESSED:
                following += -size % 8
        if begin + size > len(content):
            raise Mat5Error(f"an element claims {size} bytes, more than there are")
        yield kind, content[begin : begin + size]
        start = following


def _first(content: memoryview, order: str) -> tuple[int, memoryview]:
    for element in _elements(content, order):
        return element
    raise Mat5Error("an element is missing")


def _named_array(
    data: memoryview, order: str, names: Collection[str]
) -> tuple[str, np.ndarray[Any, Any] | None]:
    """The name of a variable, and its content if the name is among those asked for."""
    elements = _elements(data, order)
    kind, is_complex, shape, name = _description(elements, order)
    if name not in names:
        return name, None
    if kind == _CELL:
        return name, _cells(elements, shape, order, name)
    return name, _numbers(elements, kind, is_complex, shape, order, name)


def _description(
    elements: Iterator[tuple[int, memoryview]], order: str
) -> tuple[int, bool, tuple[int, ...], str]:
    """Class, whether complex, shape and name of an array."""
    try:
        (_, flags), (kind, sides), (_, name) = next(elements), next(elements), next(elements)
    except StopIteration as error:
        raise Mat5Error("a variable is cut short") from error
    if len(flags) < 4 or _NUMBERS.get(kind) != "i4" or len(sides) % 4:
        raise Mat5Error("a variable is damaged")
    word = struct.unpack_from(f"{order}I", flags)[0]
    shape = struct.unpack(f"{order}{len(sides) // 4}i", sides)
    if len(shape) < 2 or min(shape) < 0:
        raise Mat5Error(f"a variable claims the shape {shape}")
    return word & 0xFF, bool(word & _COMPLEX), shape, bytes(name).decode("latin-1")


def _numbers(
    elements: Iterator[tuple[int, memoryview]],
    kind: int,
    is_complex: bool,
    shape: tuple[int, ...],
    order: str,
    name: str,
) -> np.ndarray[Any, Any]:
    if kind not in _NUMERIC or is_complex:
        raise Mat5Error(f"field '{name}' is not an array of real numbers")
    stored, data = next(elements, (0, memoryview(b"")))
    if math.prod(shape) == 0 and not len(data):
        return np.zeros(shape)
    if stored not in _NUMBERS:
        raise Mat5Error(f"field '{name}' is damaged")
    dtype = np.dtype(f"{order}{_NUMBERS[stored]}")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise Mat5Error(f"field '{name}' claims the shape {shape}, but has {len(data)} bytes")
    array = np.frombuffer(data, dtype).reshape(shape, order="F")
    return array.astype(dtype.newbyteorder("="))


def _cells(
    elements: Iterator[tuple[int, memoryview]], shape: tuple[int, ...], order: str, name: str
) -> np.ndarray[Any, Any]:
    arrays = []
    for kind, data in elements:
        if kind != _MATRIX:
            raise Mat5Error(f"field '{name}' is damaged")
        inner = _elements(data, order)
        # A cell of another class ends in `_numbers`, so that cells do not nest.
        inner_kind, is_complex, inner_shape, _ = _description(inner, order)
        arrays.append(_numbers(inner, inner_kind, is_complex, inner_shape, order, name))
    if len(arrays) != math.prod(shape):
        raise Mat5Error(f"field '{name}' claims {math.prod(shape)} cells, but has {len(arrays)}")
    cells = np.empty(len(arrays), dtype=object)
    for place, array in enumerate(arrays):
        cells[place] = array
    return cells.reshape(shape, order="F")
