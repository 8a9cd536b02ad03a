"""Reading a JSON array element by element, so that a file may be larger than memory."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

from ...errors import NOT_JSON

_SMALLEST_READ = 1 << 20
_LARGEST_ELEMENT = 1 << 28
_BLANKS = re.compile(r"[ \t\r\n]*")
_SEPARATOR = re.compile(r"[ \t\r\n]*[,\]]")
_DECODER = json.JSONDecoder()


class JsonArrayError(ValueError):
    """A file that is not a JSON array; the message says where, but not in which file."""


class Span(NamedTuple):
    """The place of an element in its file, bytes."""

    start: int
    length: int


def scan_array(path: str | os.PathLike) -> Iterator[tuple[Span, object]]:
    """The elements of a file that holds one JSON array, one after the other.

    Memory is that of the largest element, at most 256 MB. Characters beyond ASCII are garbled;
    `read_element` reads them correctly.

    Raises:
        JsonArrayError: the file is not JSON or not an array, when the iteration gets there.
    """
    with open(path, "rb") as file:
        window = _Window(file)
        if window.next_character() != "[":
            raise JsonArrayError("not a JSON array")
        window.position += 1
        if window.next_character() == "]":
            return
        index = 0
        while True:
            element, span = window.next_element(index)
            yield span, element
            if window.next_character() == "]":
                return
            window.position += 1
            index += 1


def _end_of_blanks(text: str, position: int) -> int:
    # The pattern always matches, since it matches the empty string.
    return cast("re.Match[str]", _BLANKS.match(text, position)).end()


class _Window:
    """The part of a file that is in memory. One byte is one character, so a position in the text
    gives that in the file."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._text = ""
        self._start = 0
        self.position = 0

    def next_character(self) -> str:
        """The character after the next blanks, which are skipped; "" at the end of the file."""
        while True:
            self.position = _end_of_blanks(self._text, self.position)
            if self.position < len(self._text) or not self._grow():
                return self._text[self.position : self.position + 1]

    def next_element(self, index: int) -> tuple[object, Span]:
        """The element after the next blanks, which a comma or the end of the array must follow;
        `index` is for the message."""
        self.next_character()
        while True:
            try:
                element, end = _DECODER.raw_decode(self._text, self.position)
                # A number at the end of the text may go on beyond it.
                if _SEPARATOR.match(self._text, end):
                    span = Span(self._start + self.position, end - self.position)
                    self.position = end
                    return element, span
                complaint = "it is not followed by a comma or the end of the array"
            except (ValueError, RecursionError) as error:
                # Not its line and column, which are those of the window.
                complaint = getattr(error, "msg", str(error))
            if len(self._text) - self.position > _LARGEST_ELEMENT or not self._grow():
                raise JsonArrayError(f"not JSON at element {index} ({complaint})")

    def _grow(self) -> bool:
        """Drop what lies before the position and read on; False at the end of the file."""
        rest = self._text[self.position :]
        more = self._file.read(max(_SMALLEST_READ, len(rest)))
        self._text = rest + more.decode("latin-1")
        self._start += self.position
        self.position = 0
        return len(more) > 0


def read_element(path: str | os.PathLike, span: Span) -> object:
    """One element of a file that `scan_array` went through.

    Raises:
        JsonArrayError: the file has changed since then.
    """
    with open(path, "rb") as file:
        file.seek(span.start)
        content = file.read(span.length)
    try:
        return json.loads(content)
    except NOT_JSON as error:
        raise JsonArrayError(f"has changed while it was read ({error})") from error
