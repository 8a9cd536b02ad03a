"""Where weights are: a path, or an address that Detectron2 resolves."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlparse

from detectron2.utils.file_io import PathManager
from iopath.common.file_io import get_cache_dir

from .errors import UserError


class WeightsError(UserError, ValueError):
    """Weights that cannot be used, or do not fit the model; the message names their file."""


def cached_path(address: str) -> Path:
    """Where Detectron2 keeps the file at an https address once it is downloaded: below
    `$FVCORE_CACHE`, by default ~/.torch/iopath_cache."""
    return Path(get_cache_dir(), urlparse(address).path.lstrip("/"))


def check_weights_address(path: str) -> None:
    """Refuse weights that are not there; what an address names is fetched, and kept.

    Args:
        path: of a file, or an address such as ``https://...`` or ``detectron2://...``, either with
            Detectron2's ``?matching_heuristics=True`` or without.

    Raises:
        WeightsError: there is no such file, nothing answers at the address, or it is of an unknown
            kind.
    """
    name = path.partition("?")[0]
    if "://" not in name:
        if os.path.isdir(name):
            raise WeightsError(f"{path}: this is a folder, not a file of weights")
        if not os.path.isfile(name):
            raise WeightsError(f"{path}: no such file of weights; see MODEL.WEIGHTS")
        return
    try:
        local = PathManager.get_local_path(name)
    except (AssertionError, OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise WeightsError(f"{path}: cannot be fetched ({reason})") from error
    if not os.path.isfile(local):
        kind = name.partition("://")[0]
        raise WeightsError(
            f"{path}: cannot be fetched: {kind}:// is not a kind of address that is known here; "
            "give a path or an https:// address"
        )
