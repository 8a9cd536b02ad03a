"""The document of what trained models are good for: fusion and clicks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ..fusion import FUSED_STAGE
from ..result_table import ROW_COLUMNS
from .clicks import click_table, clicks_figure
from .fusion import fusion_tables
from .markdown import fill_blocks
from .rows import FINAL, TEST, DocumentError, read_rows

FIGURE = "clicks.png"
NO_FUSIONS = "No fusion has been measured yet."


def write_uses(
    experiments: Sequence[tuple[str | os.PathLike, str | os.PathLike, str | os.PathLike]],
    document: str | os.PathLike,
    command: str,
) -> None:
    """Fill the blocks `fusion`, `clicks` and `figure_clicks` of a document, and draw the figure.

    Args:
        experiments: of each the csv files of its trained cells, its fusions and its clicks; those
            that are missing count as empty.
        document: Markdown; replaced. The figure is written beside the first file.
        command: which makes all this.

    Raises:
        DocumentError: a file is not a table of results, or the document lacks a block.
    """
    path = Path(document)
    if not path.is_file():
        raise DocumentError(f"{path}: no such file; the report fills the blocks of an existing one")
    clicked = _rows(clicks for *_, clicks in experiments)
    picture = Path(experiments[0][0]).parent / FIGURE
    link = Path(os.path.relpath(picture, path.parent)).as_posix()
    caption = "Error of the other points of a part against clicks on it"
    fusions = [_fusions(trained, fused) for trained, fused, _ in experiments]
    tables = "\n\n".join(filter(None, fusions)) or NO_FUSIONS
    made_by = f"Made by `{command}`."
    blocks = {
        "fusion": f"{tables}\n\n{made_by}",
        "clicks": f"{click_table(clicked)}\n\n{made_by}",
        "figure_clicks": f"![{caption}]({link})\n\n{caption}. {made_by}",
    }
    try:
        text = fill_blocks(path.read_text(encoding="utf-8"), blocks)
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}") from error
    figure = Figure(layout="constrained")
    clicks_figure(clicked, figure)
    figure.savefig(picture, dpi=120)
    path.write_text(text, encoding="utf-8")


def _fusions(trained: str | os.PathLike, fused: str | os.PathLike) -> str:
    """The tables of one experiment's fusions, "" without any."""
    alone, together = _rows([trained]), _rows([fused])
    return fusion_tables(
        alone[(alone["stage"] == FINAL) & (alone["split"] == TEST)],
        together[(together["stage"] == FUSED_STAGE) & (together["split"] == TEST)],
    )


def _rows(files: Iterable[str | os.PathLike]) -> pd.DataFrame:
    """The rows of those csv files that exist."""
    found = [read_rows(file) for file in files if os.path.isfile(file)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=[*ROW_COLUMNS])
