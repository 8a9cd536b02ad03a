"""Pickles of NumPy arrays, read without running what they say.

A pickle is a program: `pickle.load` calls whatever function the file names. Here a file may name
only what NumPy writes for plain arrays, and stand-ins of this module are called in its place; not
even NumPy's own, which can be led to take bytes of the file for addresses in memory.
"""

from __future__ import annotations

import math
import os
import pickle
import re
import struct
from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from .errors import UserError

PLAIN_TYPE = re.compile(r"[biufc]\d{1,2}")
"""Names of the array types that are read: truth values, integers and floating-point numbers."""

# What the documentation of `pickle` says may come of a damaged file, and what arithmetic on its
# sizes may.
MALFORMED = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    struct.error,
    TypeError,
    ValueError,
)


class RestrictedPickleError(UserError, ValueError):
    """A pickle that asks for more than arrays, or is damaged; the message names the file."""


def load_arrays(path: str | os.PathLike):
    """Read a pickle of arrays, of any protocol, by Python 2 or 3.

    Args:
        path: the file.

    Returns:
        What was pickled: arrays and scalars of numbers, in lists, tuples and (ordered) dicts, with
        Python's own numbers, strings and None. Arrays may be read-only. Byte strings outside of
        arrays, Python 2's ordinary strings, come as `str` by Latin-1. Attributes that an
        `OrderedDict` was given, as torch does, are left out.

    Raises:
        OSError: the file cannot be read.
        RestrictedPickleError: it names anything else, which is then not imported, or it is damaged.
    """
    path = os.fspath(path)
    with open(path, "rb") as file:
        try:
            return _without_stand_ins(_ArrayUnpickler(file, encoding="bytes").load(), {})
        except _Forbidden as what:
            raise RestrictedPickleError(
                f"{path}: refused, and nothing of it was run: this pickle asks for {what}, which "
                "files of arrays never do and which may be an attack; get the file again from a "
                "source that you trust, or ask its author for .npz or .safetensors"
            ) from None
        except MALFORMED as error:
            raise RestrictedPickleError(
                f"{path}: this is no whole pickle of arrays ({type(error).__name__}: {error}); "
                "get the file again"
            ) from error


class _Forbidden(Exception):
    """What a pickle asks for, in words."""


class _DType:
    """Stands in for a `numpy.dtype`, of which a pickle tells the byte order later."""

    __slots__ = ("value",)
    __hash__ = None

    def __init__(self, value: np.dtype):
        self.value = value


class _Array:
    """Stands in for an array, of which a pickle tells type, shape and bytes later."""

    __slots__ = ("value",)
    __hash__ = None


_ARRAY_CLASS = object()
"""Stands in for the class `numpy.ndarray`."""


def _dtype(code: str | bytes, *_copy_flags) -> _DType:
    name = _text(code)
    if not PLAIN_TYPE.fullmatch(name):
        raise _Forbidden(f"an array of the type {name[:40]!r}")
    return _DType(np.dtype(name))


def _set_byte_order(dtype: _DType, state: tuple) -> None:
    _version, byte_order, sub_array, names, fields = state[:5]
    if (sub_array, names, fields) != (None, None, None):
        raise _Forbidden("an array of a structured type")
    dtype.value = dtype.value.newbyteorder(_text(byte_order))


def _reconstruct(array_class: object, _shape: tuple, _code: bytes) -> _Array:
    if array_class is not _ARRAY_CLASS:
        raise _Forbidden("an array of a class of its own")
    return _Array()


def _set_array(array: _Array, state: tuple) -> None:
    _version, shape, dtype, is_fortran, data = state
    array.value = _array_of(data, dtype, shape, "F" if is_fortran else "C")


def _from_buffer(data, dtype, shape, order, axis_order=None) -> np.ndarray:
    if order == "K":
        return _array_of(data, dtype, shape, "C").transpose(axis_order)
    return _array_of(data, dtype, shape, order)


def _scalar(dtype, data) -> np.generic:
    return _array_of(data, dtype, (), "C")[()]


def _array_of(data: bytes, dtype: _DType, shape: tuple, order: str) -> np.ndarray:
    if type(dtype) is not _DType or type(data) is not bytes:
        raise ValueError("an array without a type or without bytes")
    if any(type(side) is not int or side < 0 for side in shape):
        raise ValueError("an array whose shape is not made of whole numbers")
    size = math.prod(shape) * dtype.value.itemsize
    if size != len(data):
        raise ValueError(f"an array of {size} bytes has {len(data)}")
    return np.ndarray(shape, dtype.value, data, order=order)


def _encode(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes in the protocols of Python 2."""
    if encoding != "latin1":
        raise _Forbidden("bytes of another encoding than Latin-1")
    return text.encode(encoding)


def _no_bytes() -> bytes:
    return b""


def _text(name: str | bytes) -> str:
    return name.decode("latin-1") if type(name) is bytes else name


ADMITTED: dict[tuple[str, str], object] = {
    ("numpy", "dtype"): _dtype,
    ("numpy", "ndarray"): _ARRAY_CLASS,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "bytes"): _no_bytes,
    ("collections", "OrderedDict"): OrderedDict,
} | {
    (f"numpy.{core}.{module}", name): stand_in
    for core in ("core", "_core")
    for module, name, stand_in in (
        ("multiarray", "_reconstruct", _reconstruct),
        ("multiarray", "scalar", _scalar),
        ("numeric", "_frombuffer", _from_buffer),
    )
}
"""What a pickle may name, and what it gets."""

STATE_SETTERS: dict[type, Callable] = {
    _Array: _set_array,
    _DType: _set_byte_order,
    OrderedDict: lambda mapping, attributes: None,
}
"""Of what a pickle may set the state, and how."""

FORBIDDEN_STEPS = {
    "an instance of a class": (pickle.INST, pickle.OBJ, pickle.NEWOBJ, pickle.NEWOBJ_EX),
    "an object outside of the file": (
        *(pickle.PERSID, pickle.BINPERSID, pickle.NEXT_BUFFER, pickle.READONLY_BUFFER),
        *(pickle.EXT1, pickle.EXT2, pickle.EXT4),
    ),
    "a set": (pickle.EMPTY_SET, pickle.FROZENSET, pickle.ADDITEMS),
}
"""Steps of a pickle that arrays do not need."""


def _refusal(what: str) -> Callable:
    def refuse(unpickler: pickle._Unpickler) -> None:
        raise _Forbidden(what)

    return refuse


# The one in C makes room for whatever size a file claims, and its steps cannot be replaced.
class _ArrayUnpickler(pickle._Unpickler):
    """Python's unpickler with what it may name and do cut down to arrays."""

    dispatch = pickle._Unpickler.dispatch | {
        step[0]: _refusal(what) for what, steps in FORBIDDEN_STEPS.items() for step in steps
    }

    def find_class(self, module: str, name: str) -> object:
        try:
            return ADMITTED[module, name]
        except KeyError:
            raise _Forbidden(f"{module}.{name}"[:200]) from None

    def load_build(self) -> None:
        state = self.stack.pop()
        instance = self.stack[-1]
        if type(instance) not in STATE_SETTERS:
            raise _Forbidden(f"a change of the {type(instance).__name__} that it made")
        STATE_SETTERS[type(instance)](instance, state)

    dispatch[pickle.BUILD[0]] = load_build
    # As bytes: a bytearray of a claimed size would be filled before the file is found too short.
    dispatch[pickle.BYTEARRAY8[0]] = pickle._Unpickler.load_binbytes8


def _without_stand_ins(value, done: dict[int, tuple]):
    """A value with arrays where their stand-ins were, in lists and dicts in place.

    Args:
        value: what was unpickled.
        done: id to (value before, value after). The first keeps the id from being used again.
    """
    replace = _REPLACEMENTS.get(type(value))
    if replace is None:
        return value
    if id(value) not in done:
        replaced = replace(value, done)
        done[id(value)] = (value, replaced)
    return done[id(value)][1]


def _replace_in_list(values: list, done: dict) -> list:
    done[id(values)] = (values, values)
    values[:] = [_without_stand_ins(value, done) for value in values]
    return values


def _replace_in_dict(mapping: dict, done: dict) -> dict:
    done[id(mapping)] = (mapping, mapping)
    items = [tuple(_without_stand_ins(one, done) for one in item) for item in mapping.items()]
    mapping.clear()
    mapping.update(items)
    return mapping


_REPLACEMENTS: dict[type, Callable] = {
    _Array: lambda array, done: array.value,
    _DType: lambda dtype, done: dtype.value,
    bytes: lambda text, done: _text(text),
    tuple: lambda values, done: tuple(_without_stand_ins(value, done) for value in values),
    list: _replace_in_list,
    dict: _replace_in_dict,
    OrderedDict: _replace_in_dict,
}
