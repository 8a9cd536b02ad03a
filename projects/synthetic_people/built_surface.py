"""The file of the embedded surface, built once. Looking at it needs no body model."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tqdm import tqdm

from uncertain_densepose.surface import Surface, SurfaceFileError

from .requirements import require_synth_extra


def ensure_embedded_surface(
    path: str | os.PathLike, workers: int = 2, progress: bool = False
) -> Surface:
    """The surface at ``path``, built and saved there first if there is no such file.

    Args:
        path: the file; its folder is made if need be.
        workers: processes that build it.
        progress: show progress bars on stderr.

    Raises:
        SurfaceFileError: there is a file, but not a valid surface; it is never overwritten.
        MissingExtraError: it has to be built, and the extra ``synth`` is not installed.
    """
    path = Path(path)
    if not path.exists():
        started = time.perf_counter()
        _build(workers, progress).save(path)
        if progress:
            tqdm.write(f"{path}: built in {time.perf_counter() - started:.0f} s")
    return Surface.load(path)


def _build(workers: int, progress: bool) -> Surface:
    require_synth_extra()
    # Imported here, so that looking at a file needs no body model.
    from .build import build_embedded_surface

    return build_embedded_surface(workers, progress)


def load_or_build(path: Path, force: bool, workers: int) -> tuple[Surface, str]:
    """The whole surface in a file, built first if the file is missing or ``force`` is set.

    Returns:
        the surface, and what was done, in words.

    Raises:
        SurfaceFileError: the file is not a valid surface, or holds only charts.
        MissingExtraError: it has to be built, and the extra ``synth`` is not installed.
    """
    if path.exists() and not force:
        try:
            return load_whole(path), "is there and valid"
        except SurfaceFileError as error:
            raise SurfaceFileError(f"{error}; --force builds it anew in its place") from error
    surface = _build(workers, progress=True)
    surface.save(path)
    return surface, "built"


def load_whole(path: Path) -> Surface:
    """A surface with its distances.

    Raises:
        SurfaceFileError: the file is not a valid surface, or holds only charts.
    """
    surface = Surface.load(path)
    if not surface.has_distances:
        raise SurfaceFileError(f"{path}: holds charts alone")
    return surface
