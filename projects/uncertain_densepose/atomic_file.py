"""Files that are written completely or left as they were."""

from __future__ import annotations

import fnmatch
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import UserError, is_url


class NotAPathError(UserError, ValueError):
    """A file to write that is no path."""


_STEM_BYTES = 120
"""Of a file's name in that of its unfinished version: both names have to fit into 255 bytes."""


def _temporary_name(stem: str, token: str, suffix: str) -> str:
    return f".{stem}.{token}.part{suffix}"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to instead of `path`, which becomes `path` when the block ends well.

    Its folder is made if absent. It ends as `path` does, for writers that go by the ending, and is
    an empty file of the block's own: two writers never share one, and a file or a symbolic link
    that somebody laid there is not written to. What a killed process left is recognised by
    `is_leftover`.

    Args:
        path: the file to write or to replace.

    Raises:
        NotAPathError: it is a URL.
    """
    if is_url(path):
        raise NotAPathError(f"{path} is a URL, not a path; write a file, and upload that")
    path.parent.mkdir(parents=True, exist_ok=True)
    stem = os.fsdecode(os.fsencode(path.stem)[:_STEM_BYTES])
    token = secrets.token_hex(8)
    temporary = path.with_name(_temporary_name(stem, token, path.suffix))
    # Rights as of any new file, which `tempfile` does not give.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def is_leftover(path: Path) -> bool:
    """Whether `replacing` names, or once named, an unfinished file like this."""
    return any(fnmatch.fnmatchcase(path.name, name) for name in (".*.part", ".*.part.*"))


def remove_leftovers(folder: Path, unused_s: float = 0) -> None:
    """Delete what killed writers left unfinished in a folder and its subfolders.

    Symbolic links to other folders are not followed.

    Args:
        folder: where to look.
        unused_s: keep what was written to within so many seconds; 0 where no other process writes.
    """
    written_before = time.time() - unused_s
    for path in folder.rglob("*"):
        if is_leftover(path) and path.lstat().st_mtime <= written_before:
            path.unlink(missing_ok=True)
