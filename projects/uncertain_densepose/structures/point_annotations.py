"""DensePose's point annotations of people, as a field of Detectron2's `Instances`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .tensor_fields import TensorFields

MASK_SIZE = 256
"""Side in pixels of DensePose's part masks, which cover the annotation box."""


@dataclass(frozen=True)
class PointAnnotations(TensorFields):
    """The annotated points of one person.

    Attributes:
        xy: (P, 2) float32, `dp_x` and `dp_y`: 0..255 across the annotation box.
        part: (P,) int64, chart 1..24 (`dp_I`).
        uv: (P, 2) float32, chart units (`dp_U`, `dp_V`).
        coarse_segm: (256, 256) uint8 over the box, 0 background and 1..14 the coarse parts
            (`dp_masks`), or None where the person has no part masks.
    """

    xy: torch.Tensor
    part: torch.Tensor
    uv: torch.Tensor
    coarse_segm: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.part)


class PointAnnotationsList:
    """One entry a person: its :class:`PointAnnotations`, or None where it has no labels.

    It follows the protocol of an `Instances` field: `len`, indexing by a slice, by a boolean
    mask and by indices, `to` and `cat`.
    """

    def __init__(self, people: Sequence[PointAnnotations | None]):
        self.people = list(people)

    def __len__(self) -> int:
        return len(self.people)

    def __iter__(self) -> Iterator[PointAnnotations | None]:
        return iter(self.people)

    def __getitem__(self, item: int | slice | torch.Tensor) -> PointAnnotationsList:
        """Some of the people: a position, which gives a list of one, a slice, a mask or indices."""
        if isinstance(item, int):
            return PointAnnotationsList([self.people[item]])
        if isinstance(item, slice):
            return PointAnnotationsList(self.people[item])
        if item.dtype == torch.bool:
            item = item.nonzero().flatten()
        return PointAnnotationsList([self.people[i] for i in item.tolist()])

    def to(self, *args: Any, **kwargs: Any) -> PointAnnotationsList:
        """The same on another device, as `torch.Tensor.to`."""
        return PointAnnotationsList(
            [None if p is None else p.to(*args, **kwargs) for p in self.people]
        )

    @staticmethod
    def cat(lists: Sequence[PointAnnotationsList]) -> PointAnnotationsList:
        """The entries of several lists, one after the other."""
        return PointAnnotationsList([person for one in lists for person in one])

    def __repr__(self) -> str:
        points = [None if p is None else len(p) for p in self.people]
        return f"PointAnnotationsList(points a person: {points})"
