"""Pickles of NumPy arrays, read without running what they say.

A pickle is a program: `pickle.load` calls whatever function the file names. Here a file may name
only what NumPy writes for plain arrays, and what it says of types and arrays is checked: left to
itself, NumPy can be made to take bytes of the file for addresses in memory.
"""

from __future__ import annotations

import math
import os
import pickle
import re
import struct
from collections import OrderedDict
from typing import Any, ClassVar, Literal

import numpy as np

from .errors import UserError

# What a damaged file makes `pickle` raise, by its documentation, and arithmetic on claimed sizes.
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


def load_arrays(path: str | os.PathLike[str]) -> Any:
    """Read a pickle of arrays, of any protocol, by Python 2 or 3.

    Args:
        path: the file.

    Returns:
        What was pickled: arrays (possibly read-only) and scalars of numbers, in lists, tuples and
        (ordered) dicts, with Python's own numbers, strings and None. Byte strings outside arrays,
        the ordinary strings of Python 2, become `str` by Latin-1. Attributes of an `OrderedDict`,
        which torch sets, are left out.

    Raises:
        OSError: the file cannot be read.
        RestrictedPickleError: it names anything else, which is not imported, or it is damaged.
    """
    path = os.fspath(path)
    with open(path, "rb") as file:
        try:
            return _finished(_ArrayUnpickler(file, encoding="bytes").load(), {})
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


class _Array:
    """Stands in for an array, of which a pickle tells type, shape and bytes later."""

    array: np.ndarray


def _dtype(code: str | bytes, *_flags: object) -> np.dtype[Any]:
    """A type of its own, whose byte order may be set: the common ones are shared."""
    name = _text(code)
    if not re.fullmatch(r"[biufc]\d{1,2}", name):
        raise _Forbidden(f"an array of the type {name[:40]!r}")
    return np.dtype(name, copy=True)


def _array(
    data: object,
    dtype: object,
    shape: tuple[int, ...],
    order: Literal["C", "F", "K"],
    axes: Any = None,
) -> np.ndarray:
    """The array in ``data``; order "K" is that of C, its axes then permuted."""
    if not isinstance(dtype, np.dtype) or type(data) is not bytes:
        raise ValueError("an array without a type or without bytes")
    if any(type(side) is not int or side < 0 for side in shape):
        raise ValueError("an array whose shape is not made of whole numbers")
    size = math.prod(shape) * dtype.itemsize
    if size != len(data):
        raise ValueError(f"an array of {size} bytes has {len(data)}")
    if order == "K":
        return np.ndarray(shape, dtype, data).transpose(axes)
    return np.ndarray(shape, dtype, data, order=order)


def _text(name: str | bytes) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else name


def _latin_1(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes in the protocols of Python 2."""
    if encoding != "latin1":
        raise _Forbidden("bytes of another encoding than Latin-1")
    return text.encode(encoding)


ADMITTED: dict[tuple[str, str], object] = {
    ("numpy", "dtype"): _dtype,
    ("numpy", "ndarray"): "the class of arrays, which is only named",
    ("_codecs", "encode"): _latin_1,
    ("__builtin__", "bytes"): lambda: b"",
    ("collections", "OrderedDict"): OrderedDict,
} | {
    (f"numpy.{core}.{module}", name): function
    for core in ("core", "_core")
    for module, name, function in (
        ("multiarray", "_reconstruct", lambda array_class, shape, code: _Array()),
        ("multiarray", "scalar", lambda dtype, data: _array(data, dtype, (), "C")[()]),
        ("numeric", "_frombuffer", _array),
    )
}
"""What a pickle may name, and what it gets."""

INSTANCE_STEPS = b"".join(
    (pickle.INST, pickle.OBJ, pickle.NEWOBJ, pickle.NEWOBJ_EX, pickle.EMPTY_SET, pickle.FROZENSET)
)
"""Steps of a pickle that make objects without naming a function."""


# Python's, since the one in C makes room for whatever size a file claims.
class _ArrayUnpickler(pickle._Unpickler):
    stack: list[Any]

    def find_class(self, module: str, name: str) -> object:
        try:
            return ADMITTED[module, name]
        except KeyError:
            raise _Forbidden(f"{module}.{name}"[:200]) from None

    def persistent_load(self, identity: object) -> None:
        raise _Forbidden("an object outside of the file")

    def refuse_instance(self) -> None:
        raise _Forbidden("an instance of a class, or a set")

    def load_build(self) -> None:
        """Set what is told of a type or an array after it was named; of nothing else."""
        state, instance = self.stack.pop(), self.stack[-1]
        if isinstance(instance, np.dtype):
            _version, byte_order, *rest = state
            if rest != [None, None, None, -1, -1, 0]:
                raise _Forbidden("an array of a structured type")
            # NumPy's stubs leave it out.
            instance.__setstate__((3, _text(byte_order), *rest))  # type: ignore[attr-defined]
        elif isinstance(instance, _Array):
            _version, shape, dtype, is_fortran, data = state
            instance.array = _array(data, dtype, shape, "F" if is_fortran else "C")
        elif type(instance) is not OrderedDict:
            raise _Forbidden(f"a change of the {type(instance).__name__} that it made")

    dispatch: ClassVar[dict[int, Any]] = pickle._Unpickler.dispatch | {
        pickle.BUILD[0]: load_build,
        # As bytes: a bytearray of a claimed size would be filled before the file is found short.
        pickle.BYTEARRAY8[0]: pickle._Unpickler.dispatch[pickle.BINBYTES8[0]],
        **dict.fromkeys(INSTANCE_STEPS, refuse_instance),
    }


def _finished(value: Any, done: dict[int, tuple[Any, Any]]) -> Any:
    """A value with text for byte strings and arrays for stand-ins, in lists and dicts in place.

    A nest that is too deep for those who use it ends here, in a RecursionError.

    Args:
        value: what was unpickled.
        done: id to (value before, value after). The first keeps the id from being used again.
    """
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, _Array):
        return value.array
    if id(value) in done:
        return done[id(value)][1]
    if isinstance(value, tuple):
        done[id(value)] = value, tuple([_finished(one, done) for one in value])
        return done[id(value)][1]
    if isinstance(value, list):
        done[id(value)] = value, value
        value[:] = [_finished(one, done) for one in value]
    elif isinstance(value, dict):
        done[id(value)] = value, value
        items = [(_finished(key, done), _finished(one, done)) for key, one in value.items()]
        value.clear()
        value.update(items)
    return value
