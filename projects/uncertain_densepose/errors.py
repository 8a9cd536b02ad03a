"""The bases of errors that the user can mend, and of errors about a field of a file."""

from __future__ import annotations

import os
import re


class UserError(Exception):
    """What the user can mend: the message names the file and the field or option, and the remedy.

    Command lines print it in one line, without a traceback; see `cli.run_tool`. An error derives
    from it and from the built-in that it is a kind of: `class ConfigError(UserError, ValueError)`.
    """


_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/+[^/]")
"""Also of a URL whose slashes `Path` joined."""


def is_url(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a URL by its letters."""
    return _URL.match(os.fspath(path)) is not None


def missing(path: str | os.PathLike[str], what: str = "no such file") -> str:
    """What to say of a path where there is nothing: the path, and `what`, or that it is a URL."""
    if is_url(path):
        return f"{path} is a URL, not a path; download the file first"
    return f"{path}: {what}"


NOT_JSON = (ValueError, RecursionError)
"""What `json` raises for text that is not JSON, or nested too deeply, or with numbers of thousands
of digits."""


class FieldError(ValueError):
    """A field of a record or a file that cannot be used.

    Who knows the file turns it into a `UserError` that names both.

    Attributes:
        field: the field's name.
    """

    def __init__(self, field: str, complaint: str):
        super().__init__(f"field '{field}' {complaint}")
        self.field = field
