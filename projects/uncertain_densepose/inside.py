"""Names that a file brought along, as paths that stay inside a folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePath


class LeadsOutError(ValueError):
    """A name that leads out of its folder, or names no file in it. The message begins with it."""


def _can_be_named(name: str) -> bool:
    """Whether the system can have a file of this name: JSON may hold halves of characters."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def plain_path(name: object) -> PurePath:
    """A relative path without "..", by its letters alone: symbolic links are not looked at.

    Args:
        name: as it was read; of any type.

    Raises:
        LeadsOutError: it is anything else.
    """
    if not isinstance(name, str) or not name or "\0" in name or not _can_be_named(name):
        raise LeadsOutError(f"{name!r} is not the name of a file")
    path = PurePath(name)
    if path.is_absolute() or ".." in path.parts or "://" in name or not path.parts:
        raise LeadsOutError(f"{name!r} leads out of the folder, or is not in it")
    return path


def path_inside(folder: str | os.PathLike[str], name: object) -> Path:
    """The path of a file of a folder, which may be missing; also symbolic links stay inside.

    Raises:
        LeadsOutError: the name leads out of the folder, or to a folder.
    """
    path = Path(folder, plain_path(name))
    # Strings: a run has a hundred thousand of them.
    home, real = os.path.realpath(folder), os.path.realpath(path)
    if not real.startswith(os.path.join(home, "")):
        raise LeadsOutError(f"{name!r} leads out of the folder, by a symbolic link")
    if os.path.isdir(real):
        raise LeadsOutError(f"{name!r} is a folder, not a file")
    return path
