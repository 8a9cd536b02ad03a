"""Noise worlds: how the annotators of a rendered data set err, by name.

Images are rendered once; a world is a relabelling of the finished annotations (`relabel`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from uncertain_densepose.lazy_names import lazy_names

if TYPE_CHECKING:
    from uncertain_densepose.surface import Surface

    from .base import World


# Each imports its own, so that a command line knows the names before it needs scipy.
def _clean(surface: Surface) -> World:
    from .clean import CleanWorld

    return CleanWorld()


def _iid(surface: Surface) -> World:
    from .iid import IidWorld

    return IidWorld()


def _shared(surface: Surface) -> World:
    from .shared import SharedWorld

    return SharedWorld()


def _annotator(surface: Surface) -> World:
    from .annotator import AnnotatorWorld
    from .part_views import PartViews

    return AnnotatorWorld(PartViews(surface))


WORLDS: dict[str, Callable[[Surface], World]] = {
    "clean": _clean,
    "iid": _iid,
    "shared": _shared,
    "annotator": _annotator,
}
"""Makes each world for the body surface on which a data set was annotated."""


def find_world(name: str) -> Callable[[Surface], World]:
    """The maker of the world of that name; it takes the body surface of the data set.

    Raises:
        ValueError: the name is unknown.
    """
    if name not in WORLDS:
        raise ValueError(f"unknown noise world '{name}'; known: {', '.join(WORLDS)}")
    return WORLDS[name]


def world_file_name(split: str, world: str) -> str:
    """The annotations of a split in a world, beside the rendered ``<split>.json``."""
    return f"{split}_{world}.json"


__getattr__ = lazy_names(__name__, {"World": "base"})

__all__ = ["WORLDS", "World", "find_world", "world_file_name"]
