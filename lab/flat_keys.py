"""Nested dictionaries as flat ones."""

from __future__ import annotations

from collections.abc import Mapping


def flat_keys(node: Mapping, separator: str = ".") -> dict[str, object]:
    """``{"A": {"B": 1}}`` as ``{"A.B": 1}``; empty dictionaries leave nothing."""
    flat: dict[str, object] = {}
    for key, value in node.items():
        if isinstance(value, Mapping):
            below = flat_keys(value, separator)
            flat |= {f"{key}{separator}{name}": one for name, one in below.items()}
        else:
            flat[str(key)] = value
    return flat
