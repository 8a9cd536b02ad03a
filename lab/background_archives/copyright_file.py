"""Debian's machine-readable copyright files."""

from __future__ import annotations

import fnmatch


class CopyrightFile:
    """Who holds the rights of which file of a Debian package.

    Files in the format of https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/ are
    understood; of free text only that it is.

    Args:
        text: of the file.
    """

    def __init__(self, text: str) -> None:
        fields = [_fields(paragraph) for paragraph in text.split("\n\n")]
        self._rules = [
            (entry["files"].split(), entry)
            for entry in fields
            if {"files", "copyright", "license"} <= entry.keys()
        ]

    def of(self, name: str) -> tuple[str, str]:
        """Licence and holders of the file of this name, without folders.

        The last rule that fits counts, as the format has it. Rules speak of the sources, whose
        folders are not those of the package, so that one of a whole folder counts only if it is of
        all files. Where none fits, both say to look into the package.
        """
        for patterns, entry in reversed(self._rules):
            if any(_fits(name, pattern) for pattern in patterns):
                return entry["license"].splitlines()[0].strip(), "; ".join(
                    line.strip() for line in entry["copyright"].splitlines() if line.strip()
                )
        return "see the package's copyright file", "see the package's copyright file"


def _fits(name: str, pattern: str) -> bool:
    last = pattern.split("/")[-1]
    return fnmatch.fnmatchcase(name, last) and (last != "*" or pattern == "*")


def _fields(paragraph: str) -> dict[str, str]:
    """The fields of one paragraph by their names in small letters, following lines included."""
    fields: dict[str, str] = {}
    name = ""
    for line in paragraph.splitlines():
        if line[:1].isspace() and name:
            fields[name] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields
