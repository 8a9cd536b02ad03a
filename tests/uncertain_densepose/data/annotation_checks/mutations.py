"""Annotation files that somebody or something has spoiled: random changes of a whole one."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
from hypothesis import strategies as st

NASTY = (
    *(None, True, False, 0, -1, 1, 2, 7, 25, 255, 0.5, 1.5, -0.0, 1e-300),
    *(float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 2**31, 2**63, -(2**63) - 1),
    *(10**4000, "", "0", "5", "1", "person", "PPP4", "é", "\ud800", "\0", "../x", "/etc/passwd"),
    *("0" * 2000, "o" * 60, [], {}, [[]], [None], {"size": [256, 256], "counts": ""}),
    *({"size": [2 * 10**9, 2 * 10**9], "counts": [0, 4 * 10**18]}, [[1e308] * 8], [[1, 2] * 4000]),
    *([0.5] * 3, [float("nan")] * 4, [1, 2, 3, 4], [0, 0, 1e9, 1e9], ["1", "2", "3", "4"]),
    *({"size": [256, 256], "counts": [0, 256**2]}, {"size": [256, 256], "counts": "PPP4"}),
)
"""What takes the place of a value."""


def _deep() -> list:
    """Lists within lists, made anew each time: a change of the next may lie within them."""
    nested: list = []
    for _ in range(200):
        nested = [nested]
    return nested


FLAGS = ("ignore", "has_no_densepose", "iscrowd")

_SHARES = {"annotations": 0.8, "images": 0.1, "categories": 0.04}
"""How often a list of the file is chosen; what remains is any of its fields, itself included."""
_DEEPER = 0.55
"""How often a value within a value is chosen rather than the value."""

_NUMBERS = st.floats() | st.integers() | st.integers(-2, 300) | st.floats(-1, 2)
_LEAVES = st.none() | st.booleans() | _NUMBERS | st.text(max_size=8)
_KEYS = st.sampled_from(["size", "counts", "id", "0"]) | st.text(max_size=3)
JSON_VALUES = (
    st.recursive(
        _LEAVES,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_KEYS, inner, max_size=3),
        max_leaves=8,
    )
    | st.lists(_NUMBERS, min_size=4, max_size=4)
    | st.lists(_NUMBERS, min_size=51, max_size=51)
    | st.lists(st.none() | st.just([]), min_size=14, max_size=14)
    | st.fixed_dictionaries(
        {
            "size": st.just([256, 256]) | st.lists(st.integers(), max_size=3),
            "counts": st.text(st.characters(min_codepoint=40, max_codepoint=115), max_size=12)
            | st.lists(st.integers(-1, 256**2), max_size=5),
        }
    )
)
"""Anything that JSON can hold, and what looks like boxes, keypoints and masks."""


def mutate(content: dict, seed: int, num_changes: int = 1) -> bytes:
    """A file's text with some places replaced, removed, repeated, exchanged, or cut off.

    Args:
        content: of the file; it is changed.
        seed: of the changes.
        num_changes: how many.
    """
    rng = np.random.default_rng(seed)
    root = {"file": content}
    for _ in range(num_changes):
        if not isinstance(root["file"], dict):
            break
        container, key = _place(root, rng)
        change = _CHANGES[rng.integers(len(_CHANGES))]
        change(container, key, root, rng)
    text = json.dumps(root["file"]).encode()
    return _spoil_text(text, rng) if rng.random() < 0.03 else text


def put(content: dict, seed: int, value: Any) -> bytes:
    """A file's text with one value instead of that at a random place."""
    root = {"file": content}
    container, key = _place(root, np.random.default_rng(seed))
    container[key] = value
    return json.dumps(root["file"]).encode()


def _place(root: dict, rng) -> tuple[Any, Any]:
    """A container and the key of one of its values; every field is about as likely as another,
    however long."""
    content, choice = root["file"], rng.random()
    for name, share in _SHARES.items():
        choice -= share
        many = content.get(name)
        if choice < 0 and isinstance(many, list) and many:
            index = int(rng.integers(len(many)))
            if not _keys(many[index]) or rng.random() < 0.04:
                return many, index
            return _descend(many[index], rng)
    return _descend(content, rng) if content and rng.random() < 0.9 else (root, "file")


def _descend(node: Any, rng) -> tuple[Any, Any]:
    while True:
        keys = _keys(node)
        key = keys[rng.integers(len(keys))]
        if not _keys(node[key]) or rng.random() > _DEEPER:
            return node, key
        node = node[key]


def _keys(node: Any) -> list:
    """Those of an object, or the first three and the last of a list."""
    if isinstance(node, dict):
        return list(node)
    if isinstance(node, list):
        return sorted({*range(min(len(node), 3)), *range(len(node))[-1:]})
    return []


def _replace(container, key, root, rng):
    container[key] = copy.deepcopy(NASTY[rng.integers(len(NASTY))])


def _remove(container, key, root, rng):
    if container is not root:
        del container[key]


def _repeat(container, key, root, rng):
    if isinstance(container, list):
        container.append(copy.deepcopy(container[key]))


def _exchange(container, key, root, rng):
    other, name = _place(root, rng)
    value = copy.deepcopy(other[name])
    # Within itself it would be deeper than any file.
    container[key] = value if other is not container[key] else _deep()


def _scale(container, key, root, rng):
    value = container[key]
    if type(value) is float or type(value) is int and abs(value) < 2**63:
        container[key] = value * float(rng.choice([-1.0, 0.0, 0.01, 255.0, 1e6]))


def _nudge(container, key, root, rng):
    """A number that is nearly the same, which is legal more often than not."""
    value = container[key]
    if type(value) is float:
        container[key] = value * (1 + 0.02 * float(rng.standard_normal()))
    elif type(value) is int:
        container[key] = value + int(rng.integers(-2, 3))


def _retype(container, key, root, rng):
    """The same number in another type, which matters to ids and sizes alone."""
    value = container[key]
    if type(value) in (int, float) and abs(value) < 2**63 and value == value:
        whole = value == int(value)
        container[key] = float(value) if type(value) is int else int(value) if whole else str(value)


def _letter(container, key, root, rng):
    """Another letter in a text, run lengths for instance."""
    value = container[key]
    if isinstance(value, str) and value:
        place = int(rng.integers(len(value)))
        container[key] = value[:place] + chr(int(rng.integers(40, 120))) + value[place + 1 :]


def _flag(container, key, root, rng):
    if isinstance(container, dict):
        name = FLAGS[rng.integers(len(FLAGS))]
        container[name] = (None, True, False, 1, 0, "no")[rng.integers(6)]


def _nest(container, key, root, rng):
    container[key] = _deep()


_CHANGES = (
    *([_replace] * 6, [_remove] * 2, [_repeat], [_exchange] * 2, [_scale] * 2, [_nudge] * 2),
    *([_retype] * 2, [_letter] * 2, [_flag], [_nest]),
)
_CHANGES = tuple(change for many in _CHANGES for change in many)


def _spoil_text(text: bytes, rng) -> bytes:
    """A file that was cut off, that begins with a byte order mark, ..."""
    place = int(rng.integers(len(text)))
    return (
        text[:place],
        b"\xef\xbb\xbf" + text,
        text[:place] + bytes([int(rng.integers(256))]) + text[place + 1 :],
        b"[" * 100_000,
        text.replace(b"1", b"1" * 5000, 1),
        b"",
    )[rng.integers(6)]
