"""Files that are written completely or left as they were."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _temporary_name(stem: str, suffix: str) -> str:
    return f".{stem}.part{suffix}"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to instead of `path`, which becomes `path` when the block ends well.

    Its folder is made if absent. It ends as `path` does, for writers that go by the ending, and is
    the same each time, so that what a killed process left is written over by the next one.

    Args:
        path: the file to write or to replace.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(_temporary_name(path.stem, path.suffix))
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def is_leftover(path: Path) -> bool:
    """Whether `replacing` would name an unfinished file like this."""
    names = _temporary_name("*", ""), _temporary_name("*", ".*")
    return any(fnmatch.fnmatchcase(path.name, name) for name in names)


def remove_leftovers(folder: Path) -> None:
    """Delete what killed writers left unfinished in a folder and its subfolders."""
    for path in folder.rglob("*"):
        if is_leftover(path):
            path.unlink(missing_ok=True)
