"""The document: which block is made by what."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .figures import write_figures
from .gain import controls, headline, training_length
from .markdown import fill_blocks
from .noise import calibration_tables, error_table, likelihood_tables, settings_table
from .placement import accuracy_tables
from .rows import DocumentError, ExperimentResults

RUN_COMMAND = "python -m lab.experiment configs/experiments/four_losses.yaml"

TABLES: dict[str, Callable[[ExperimentResults], str]] = {
    "headline": headline,
    "settings": settings_table,
    "accuracy": accuracy_tables,
    "likelihood": likelihood_tables,
    "calibration": calibration_tables,
    "errors": error_table,
    "training_length": training_length,
    "controls": controls,
}
"""Name of a block to what writes it."""

CAPTIONS = {
    "accuracy_curves": "Points within a distance of the clean truth, given the part",
    "nats": "Joint nats per point of noisy labels",
    "part_mean_coverage": "Regions of part means: nominal and observed coverage",
    "gain_against_length": "Gain of `full` over `mse` on the clean truth against training length",
    "gain_against_noise": "Gain of `full` over `mse` on the clean truth against label noise over "
    "network error: small symbols are limbs, lines the body along training",
}
"""Name of a figure, whose block is `figure_NAME`, to its caption."""


def fill_document(
    results: ExperimentResults, document: str | os.PathLike, folder: str | os.PathLike, command: str
) -> list[Path]:
    """Fill the blocks of a document and draw its figures.

    Args:
        results: what is reported.
        document: Markdown with a block for each of `TABLES` and `CAPTIONS`; replaced.
        folder: for the figures; made if absent.
        command: which makes all this, printed below every table.

    Returns:
        The figures.

    Raises:
        DocumentError: there is no such document or its blocks do not fit, and nothing is written;
            or the results lack a metric.
    """
    path = Path(document)
    if not path.is_file():
        raise DocumentError(f"{path}: no such file; the report fills the blocks of an existing one")
    made_by = f"Made by `{command}` from the rows of `{RUN_COMMAND}`."
    blocks = {name: f"{make(results)}\n\n{made_by}" for name, make in TABLES.items()}
    for name, caption in CAPTIONS.items():
        link = os.path.relpath(Path(folder) / f"{name}.png", path.parent)
        blocks[f"figure_{name}"] = f"![{caption}]({Path(link).as_posix()})\n\n{caption}. {made_by}"
    try:
        text = fill_blocks(path.read_text(encoding="utf-8"), blocks)
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}") from error
    figures = write_figures(results, folder)
    path.write_text(text, encoding="utf-8")
    return figures
