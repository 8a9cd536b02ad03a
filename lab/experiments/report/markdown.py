"""Blocks of generated text in a hand-written Markdown document.

A block lies between the lines `<!-- begin NAME -->` and `<!-- end NAME -->`. What is outside is
left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tabulate import tabulate

from .rows import DocumentError

_BLOCK = re.compile(
    r"^<!-- begin (?P<name>\S+) -->\n.*?^<!-- end (?P=name) -->$", re.MULTILINE | re.DOTALL
)
_MARKER = re.compile(r"^<!-- (?:begin|end) (\S+) -->$", re.MULTILINE)


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of texts; the first column is left-aligned."""
    align = ["left"] + ["right"] * (len(headers) - 1)
    return tabulate(rows, headers, tablefmt="pipe", colalign=align, disable_numparse=True)


def fill_blocks(document: str, blocks: Mapping[str, str]) -> str:
    """The document with new content in its blocks.

    Raises:
        DocumentError: a block is not in the document, is there twice or has no end, or the document
            has one that is unknown.
    """
    found = [match["name"] for match in _BLOCK.finditer(document)]
    for name in dict.fromkeys(_MARKER.findall(document)):
        if name not in blocks:
            raise DocumentError(f"unknown block '{name}'; there are {', '.join(blocks)}")
    for name in blocks:
        if found.count(name) != 1 or _MARKER.findall(document).count(name) != 2:
            raise DocumentError(
                f"needs the lines '<!-- begin {name} -->' and '<!-- end {name} -->' once each"
            )

    def filled(match: re.Match) -> str:
        name = match["name"]
        return f"<!-- begin {name} -->\n{blocks[name].strip()}\n<!-- end {name} -->"

    return _BLOCK.sub(filled, document)
