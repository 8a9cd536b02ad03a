"""Writing backgrounds into a folder, beside a table that says whose they are."""

from __future__ import annotations

import csv
import fnmatch
import io
from collections.abc import Iterable
from pathlib import Path

from uncertain_densepose.atomic_file import replacing

from .packages import PackagedPicture, PackageError

ATTRIBUTION = "ATTRIBUTION.csv"
_COLUMNS = ("file", "licence", "copyright", "source")


def write_backgrounds(
    folder: Path, pictures: Iterable[PackagedPicture], patterns: Iterable[str]
) -> list[str]:
    """Write the pictures whose names match, and their lines of the table.

    Lines of files that are not written stay, so that several packages may share a folder.

    Args:
        folder: made if need be.
        pictures: to choose from.
        patterns: with ``*`` and ``?``.

    Returns:
        the names written.

    Raises:
        PackageError: no name matches.
    """
    patterns = list(patterns)
    chosen = [
        picture
        for picture in pictures
        if any(fnmatch.fnmatchcase(picture.name, pattern) for pattern in patterns)
    ]
    if not chosen:
        raise PackageError(f"no picture of the package is named {' or '.join(patterns)}")
    folder.mkdir(parents=True, exist_ok=True)
    rows = _rows(folder / ATTRIBUTION)
    for picture in chosen:
        with replacing(folder / picture.name) as temporary:
            temporary.write_bytes(picture.content)
        rows[picture.name] = {column: getattr(picture, column, "") for column in _COLUMNS}
        rows[picture.name]["file"] = picture.name
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows[name] for name in sorted(rows))
    with replacing(folder / ATTRIBUTION) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")
    return [picture.name for picture in chosen]


def _rows(table: Path) -> dict[str, dict[str, str]]:
    """The lines of an earlier table, by file."""
    if not table.exists():
        return {}
    with table.open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}
