"""Figure files embedded in a page."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from .results import ReportError, RunResults

_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What Pillow raises for damaged files."""


@dataclass(frozen=True)
class Figure:
    """A picture of the run `run`, as a `data:` URI, with its width and height in pixels."""

    run: str
    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class FigureGroup:
    """The figures with the same name: one for each run that has it."""

    title: str
    data_set: str
    figures: Sequence[Figure]


def figure_groups(runs: Sequence[RunResults]) -> list[FigureGroup]:
    """All figures, grouped by data set and name.

    Raises:
        ReportError: a file is not a complete PNG.
    """
    groups: dict[tuple[str, str], list[Figure]] = {}
    for run in runs:
        for data_set, files in run.figures.items():
            for file in files:
                groups.setdefault((data_set, file.stem), []).append(_figure(run.name, file))
    return [
        FigureGroup(stem.replace("_", " "), data_set, figures)
        for (data_set, stem), figures in groups.items()
    ]


def _figure(run: str, path: Path) -> Figure:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
    except (*_DAMAGE, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ReportError(f"{path}: not a PNG, or truncated ({error})") from error
    return Figure(run, data_uri("image/png", path.read_bytes()), *image.size)


def data_uri(kind: str, content: bytes) -> str:
    """Bytes of a media type, such as "image/png", as a `data:` URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
