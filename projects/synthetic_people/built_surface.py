"""The embedded surface as tools/build_surface.py makes it, once."""

from __future__ import annotations

from pathlib import Path

from uncertain_densepose.surface import Surface, SurfaceFileError


def load_or_build(path: Path, force: bool, workers: int) -> tuple[Surface, str]:
    """The surface in a file, which is built if it is not there.

    Args:
        path: of the file.
        force: build it anew even so.
        workers: processes that build it.

    Returns:
        the surface, and what was done.

    Raises:
        SurfaceFileError: the file is no valid surface, or holds charts alone.
    """
    if path.exists() and not force:
        try:
            return load_whole(path), "is there and valid"
        except SurfaceFileError as error:
            raise SurfaceFileError(f"{error}; --force builds it anew in its place") from error
    # Imported here, so that looking at a file needs no body model.
    from .build import build_embedded_surface

    surface = build_embedded_surface(workers, progress=True)
    surface.save(path)
    return surface, "built"


def load_whole(path: Path) -> Surface:
    """A surface with its distances.

    Raises:
        SurfaceFileError: the file is no valid surface, or holds charts alone.
    """
    surface = Surface.load(path)
    if not surface.has_distances:
        raise SurfaceFileError(f"{path}: holds charts alone")
    return surface
