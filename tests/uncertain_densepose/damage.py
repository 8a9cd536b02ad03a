"""Ways in which a file comes to be damaged, at random, and what was read of it compared."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import zipfile
from typing import Any

import numpy as np
import torch

ODD_VALUES = [
    *(None, True, -1, 0, 1e400, float("nan"), 2**70, 10**400, "", [], {}, "\ud800", [[[]]], 1.5)
]
_HEADERS = {b"PK\x03\x04": 46, b"PK\x01\x02": 70, b"PK\x05\x06": 22, b"\x93NUMPY": 128}
"""By how they begin, the bytes of the headers of zip archives and of arrays."""

_TEXT = b"(){}[],'<>|=0123456789 fiuOU#\\"


def cut(content: bytes, rng: random.Random) -> bytes:
    """A file cut off, with other bytes, with bytes that are missing, or with an odd length."""
    at = rng.randrange(len(content))
    kind = rng.randrange(4)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + rng.randbytes(rng.randint(0, 64)) + content[at + rng.randint(1, 64) :]
    changed = bytearray(content)
    if kind == 2:
        for _ in range(rng.randint(1, 20)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    else:
        at -= at % 4
        words = ("00000000", "ffffffff", "ffffff7f", "00000080", "01000000")
        changed[at : at + 4] = bytes.fromhex(rng.choice(words))
    return bytes(changed)


def flipped(content: bytes, rng: random.Random) -> bytes:
    """One to five other bits."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def spliced(content: bytes, rng: random.Random) -> bytes:
    """Up to 400 bytes from elsewhere in the file, between or over others."""
    at, start, count = *(rng.randrange(len(content)) for _ in range(2)), rng.randint(1, 400)
    piece = content[start : start + count]
    return content[:at] + piece + content[at + rng.choice([0, len(piece)]) :]


def with_other_header(content: bytes, rng: random.Random) -> bytes:
    """Up to four bytes of a zip header or an array's header, or of the first 512."""
    places = []
    for begin, size in _HEADERS.items():
        at = content.find(begin)
        while at >= 0:
            places.append((at, size))
            at = content.find(begin, at + 1)
    start, size = rng.choice(places or [(0, min(len(content), 512))])
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = min(start + rng.randrange(size), len(content) - 1)
        flip = changed[at] ^ 1 << rng.randrange(8)
        changed[at] = rng.choice([rng.randrange(256), flip, 0, 255, rng.choice(_TEXT)])
    return bytes(changed)


def with_other_array_text(content: bytes, rng: random.Random) -> bytes:
    """A `.npz` with up to four other bytes in the header of an array, and right checksums."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        victim = rng.choice(old.namelist())
        for name in old.namelist():
            member = bytearray(old.read(name))
            for _ in range(rng.choice([1, 1, 2, 4]) if name == victim else 0):
                other = rng.choice([rng.randrange(256), rng.choice(_TEXT)])
                member[rng.randrange(min(len(member), 128))] = other
            new.writestr(name, bytes(member), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def with_odd_values(content: bytes, rng: random.Random) -> bytes:
    """JSON with some values replaced and some left out."""

    def changed(value):
        if rng.random() < 0.05:
            return rng.choice(ODD_VALUES)
        if isinstance(value, dict):
            return {key: changed(one) for key, one in value.items() if rng.random() > 0.03}
        if isinstance(value, list):
            return [changed(one) for one in value if rng.random() > 0.01]
        return value

    return json.dumps(changed(json.loads(content))).encode()


WAYS = {
    ".npz": [cut, flipped, spliced, with_other_header, with_other_array_text],
    ".json": [cut, flipped, spliced, with_odd_values, with_odd_values],
}
"""By the suffix of a file."""

WAYS_OF_OTHERS = [cut, flipped, spliced, with_other_header]


def same(one: Any, other: Any) -> bool:
    """Whether two contents of files are equal to the last bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if dataclasses.is_dataclass(one):
        return same(vars(one), vars(other))
    if isinstance(one, torch.Tensor | np.ndarray):
        return bool(np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True))
    return bool(one == other)
