"""Annotation files that somebody or something has spoiled: random changes of a whole one."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

NASTY = (
    *(None, True, False, 0, -1, 1, 2, 7, 25, 255, 0.5, 1.5, -0.0, 1e-300),
    *(float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 2**31, 2**63, -(2**63) - 1),
    *(10**4000, "", "0", "5", "1", "person", "PPP4", "é", "\ud800", "\0", "../x", "/etc/passwd"),
    *("0" * 2000, "o" * 60, [], {}, [[]], [None], {"size": [256, 256], "counts": ""}),
    *({"size": [2 * 10**9, 2 * 10**9], "counts": [0, 4 * 10**18]}, [[1e308] * 8], [[1, 2] * 4000]),
    *([0.5] * 3, [float("nan")] * 4, [1, 2, 3, 4], [0, 0, 1e9, 1e9], ["1", "2", "3", "4"]),
)
"""What takes the place of a value."""

DEEP: Any = []
for _ in range(200):
    DEEP = [DEEP]


def mutate(content: dict, seed: int, num_changes: int = 1) -> dict:
    """A copy of a file's content with some places replaced, removed, repeated or exchanged."""
    rng = np.random.default_rng(seed)
    spoiled = copy.deepcopy(content)
    for _ in range(num_changes):
        places = list(_places(spoiled))
        if not places:
            break
        container, key = places[rng.integers(len(places))]
        change = _CHANGES[rng.integers(len(_CHANGES))]
        change(container, key, places, rng)
    return spoiled


def _places(node: Any, depth: int = 0):
    """(container, key) of every value; of long lists of numbers, the first two."""
    if isinstance(node, dict):
        keys: list = list(node)
    elif isinstance(node, list) and depth < 12:
        numbers = node and all(isinstance(value, int | float) for value in node)
        keys = list(range(min(len(node), 2) if numbers else len(node)))
    else:
        return
    for key in keys:
        yield node, key
        yield from _places(node[key], depth + 1)


def _replace(container, key, places, rng):
    container[key] = copy.deepcopy(NASTY[rng.integers(len(NASTY))])


def _remove(container, key, places, rng):
    del container[key]


def _repeat(container, key, places, rng):
    if isinstance(container, list):
        container.append(copy.deepcopy(container[key]))


def _exchange(container, key, places, rng):
    other, name = places[rng.integers(len(places))]
    container[key] = copy.deepcopy(other[name]) if other is not container[key] else DEEP


def _scale(container, key, places, rng):
    if isinstance(container[key], int | float):
        container[key] = container[key] * rng.choice([-1.0, 0.0, 255.0, 1e6])


def _nest(container, key, places, rng):
    container[key] = DEEP


_CHANGES = (_replace, _replace, _replace, _remove, _repeat, _exchange, _scale, _nest)
