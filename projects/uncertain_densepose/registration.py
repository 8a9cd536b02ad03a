"""Heads, losses and data sets are registered as soon as Detectron2 has the registries for them.

Importing torch and Detectron2 takes seconds, which the `--help` of a command line should not. So
our modules are imported right after the part of Detectron2 that they register with: at once if that
has been imported, by an import hook otherwise. Nobody sees a registry without our entries.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

REGISTERED_AFTER = {
    "detectron2.modeling": "uncertain_densepose.modeling",
    "detectron2.data": "uncertain_densepose.data",
}
"""Modules of Detectron2, and those of ours that register with them on import."""


class _AfterImport(MetaPathFinder):
    """Imports a module of ours right after one of Detectron2's.

    Args:
        waiting: as `REGISTERED_AFTER`; entries are removed when they are done.
    """

    def __init__(self, waiting: dict[str, str]):
        self._waiting = waiting

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        if name not in self._waiting:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            self._import_ours_after(spec.loader, name)
        return spec

    def _import_ours_after(self, loader, name: str) -> None:
        execute = loader.exec_module

        def exec_module(module) -> None:
            execute(module)
            # If ours is being imported already, it goes on and registers by itself.
            import_module(self._waiting[name])
            del self._waiting[name]

        loader.exec_module = exec_module


def register_with_detectron2() -> None:
    """Register now, or when Detectron2 is imported."""
    waiting = dict(REGISTERED_AFTER)
    for name in REGISTERED_AFTER:
        if name in sys.modules:
            import_module(waiting.pop(name))
    if waiting:
        sys.meta_path.insert(0, _AfterImport(waiting))
