"""Names that DensePose's own package, `densepose`, also registers with Detectron2.

Detectron2 refuses a second registration, so where `densepose` was imported first, its names stay
its own. `plugin.densepose` hands them over where this project was first.
"""

from __future__ import annotations

from collections.abc import Callable

from detectron2.data import DatasetCatalog
from detectron2.utils.registry import Registry


def is_upstreams(registered: object) -> bool:
    """Whether a class or function is DensePose's."""
    return getattr(registered, "__module__", "").split(".")[0] == "densepose"


def has_upstreams_dataset(name: str) -> bool:
    """Whether DensePose registered a data set of this name."""
    return name in DatasetCatalog and is_upstreams(DatasetCatalog[name])


def register_unless_upstreams(registry: Registry) -> Callable[[type], type]:
    """Class decorator: register a class, unless DensePose has one of the same name there."""

    def register(cls: type) -> type:
        if not (cls.__name__ in registry and is_upstreams(registry.get(cls.__name__))):
            registry.register(cls)
        return cls

    return register
