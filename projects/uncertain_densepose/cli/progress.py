"""Progress on stderr: a bar on a terminal, and elsewhere, as in a log, a line now and then."""

from __future__ import annotations

import io
import sys

from tqdm import tqdm

LINE_EVERY_S = 10.0
"""Seconds between the lines of a log."""


class ProgressLines(tqdm):
    """A bar that is written as whole lines."""

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Write the bar's text as a line."""
        text = str(self) if msg is None else msg
        if text:
            self.fp.write(f"{text}\n")
            self.fp.flush()

    def close(self) -> None:
        """Write the last line, without the line of nothing that `tqdm` ends its bars with."""
        if not self.disable:
            self.display()
            self.fp = io.StringIO()
        super().close()


def progress_bar(**options) -> tqdm:
    """A `tqdm` with such options, also where there is no terminal."""
    if sys.stderr.isatty():
        return tqdm(**options)
    return ProgressLines(file=sys.stderr, mininterval=LINE_EVERY_S, ascii=True, **options)
