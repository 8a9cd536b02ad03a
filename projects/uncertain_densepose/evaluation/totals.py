"""Sums into which images are added one by one, so that their size does not grow with the data."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T", bound="Totals")


class Totals:
    """Base of dataclasses whose fields are sums over points: those of disjoint sets add up."""

    def __add__(self: T, other: T) -> T:
        """Field by field."""
        names: Any = (f.name for f in fields(self))  # type: ignore[arg-type]
        return type(self)(*(getattr(self, name) + getattr(other, name) for name in names))
