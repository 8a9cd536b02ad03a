"""Noise worlds: how the annotators of a rendered data set err, by name.

Images are rendered once; a world is a relabelling of the finished annotations (`relabel`).
"""

from __future__ import annotations

from collections.abc import Callable

from uncertain_densepose.surface import Surface

from .annotator import AnnotatorWorld
from .base import World
from .clean import CleanWorld
from .iid import IidWorld
from .part_views import PartViews
from .shared import SharedWorld

WORLDS: dict[str, Callable[[Surface], World]] = {
    "clean": lambda surface: CleanWorld(),
    "iid": lambda surface: IidWorld(),
    "shared": lambda surface: SharedWorld(),
    "annotator": lambda surface: AnnotatorWorld(PartViews(surface)),
}
"""Makes each world for the body surface on which a data set was annotated."""


def find_world(name: str) -> Callable[[Surface], World]:
    """What makes the world of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in WORLDS:
        raise ValueError(f"unknown noise world '{name}'; known: {', '.join(WORLDS)}")
    return WORLDS[name]


def world_file_name(split: str, world: str) -> str:
    """The annotations of a split in a world, beside the rendered ``<split>.json``."""
    return f"{split}_{world}.json"


__all__ = ["WORLDS", "World", "find_world", "world_file_name"]
