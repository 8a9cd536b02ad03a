"""Loading the free body model *anny* (code Apache-2.0, data CC0): its first build and cache."""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import anny
import anny.models.full_model
import anny.paths
import numpy as np
import torch

from uncertain_densepose.errors import UserError
from uncertain_densepose.surface.paths import data_root

_INTERMEDIATE_PREFIXES = ("load_data_", "build_model_data_")


class ModelCacheError(UserError, RuntimeError):
    """The body model's cache cannot be made. The message names its folder."""


def load_anny() -> anny.Anny:
    """The body model in float32, with every phenotype.

    The first call on a machine converts anny's text files, which takes most of a minute and some
    gigabytes of memory, and caches the result: in ``$ANNY_CACHE_DIR`` if that is set, else in
    ``<data root>/anny_cache``. Later calls take a fraction of a second. Processes that start at
    once may each convert; none sees a half-written cache of the default folder.
    """
    if "ANNY_CACHE_DIR" in os.environ:
        with _vectorised_target_reader():
            return _construct()
    cache = (data_root() / "anny_cache" / f"anny-{anny.__version__}").absolute()
    if not cache.is_dir():
        _fill_cache(cache)
    anny.paths.set_anny_cache_path(cache)
    return _construct()


def _construct() -> anny.Anny:
    # Linear blend skinning in plain torch: the default method needs warp, a 400 MB package.
    model = anny.Anny(phenotypes="all", skinning_method="lbs")
    return model.to(dtype=torch.float32).eval()


def _fill_cache(cache: Path) -> None:
    """Build into a temporary sibling of ``cache`` and rename it: the cache is whole or absent."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=cache.parent, prefix=cache.name, suffix=".part"))
    try:
        anny.paths.set_anny_cache_path(temporary)
        with _vectorised_target_reader():
            _construct()
        os.chmod(temporary, 0o755)
        # Only the last stage is read again; the others are 780 MB.
        for path in temporary.rglob("*.safetensors"):
            if path.name.startswith(_INTERMEDIATE_PREFIXES):
                path.unlink()
        with contextlib.suppress(OSError):  # another process was first, its cache is as good
            temporary.rename(cache)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    if not cache.is_dir():
        raise ModelCacheError(f"cannot create the body model's cache {cache}")


@contextlib.contextmanager
def _vectorised_target_reader() -> Iterator[None]:
    """Read anny's blend shape files by array instead of line by line: most of its first build."""
    module = anny.models.full_model
    original = module.load_blend_shape
    module.load_blend_shape = read_blend_shape
    try:
        yield
    finally:
        module.load_blend_shape = original


def read_blend_shape(
    filename: str | os.PathLike,
    vertices_count: int,
    world_transformation,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Array twin of `anny.models.full_model.load_blend_shape`, with its signature.

    The file lists ``vertex dx dy dz`` lines in decimetres.

    Returns:
        (vertices_count, 3) offsets, transformed by ``world_transformation`` to metres.

    Raises:
        ValueError: the lines do not have four columns, or one names a vertex out of range.
    """
    with gzip.open(filename, "rt") as archive:
        rows = np.array(archive.read().split(), dtype=np.float64)
    if rows.size % 4:
        raise ValueError(f"{filename}: expected lines of four numbers")
    rows = rows.reshape(-1, 4)
    index = rows[:, 0].astype(np.int64)
    if index.size and not 0 <= index.min() <= index.max() < vertices_count:
        raise ValueError(f"{filename}: names a vertex outside 0..{vertices_count - 1}")
    offsets = np.zeros((vertices_count, 3))
    offsets[index] = rows[:, 1:]
    return world_transformation.apply(torch.as_tensor(offsets, dtype=dtype))
