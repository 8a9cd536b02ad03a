"""Files that are there with all of their content, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to instead of `path`, which becomes `path` when the block ends well.

    Its folder is made if absent. It ends as `path` does, for writers that go by the ending, and is
    the same each time, so that what a killed process left is written over by the next one.

    Args:
        path: the file to write or to replace.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
