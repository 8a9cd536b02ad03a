"""The table of an experiment: a csv with a row for each cell, length of training and split."""

from __future__ import annotations

import csv
import fcntl
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from uncertain_densepose.atomic_file import replacing
from uncertain_densepose.cli.options import check_new_file

from .settings import CELL_COLUMNS, ExperimentCell, ExperimentError

ROW_COLUMNS = (*CELL_COLUMNS, "steps", "split", "seconds", "recipe")
"""The columns that every row has; metrics follow. `seconds` is the time of the whole cell."""


class ResultTable:
    """The rows of a file, which grows by whole cells and is never left half written.

    Args:
        path: of the csv; it need not exist.
        recipe: of the experiment, see `settings.recipe`.

    Attributes:
        rows: a row a cell, length of training and split, all fields texts.

    Raises:
        ExperimentError: the file is not such a table, or its rows have another recipe.
    """

    def __init__(self, path: str | Path, recipe: str):
        self.path = Path(path)
        self.recipe = recipe
        self.rows = self._read()

    def rows_of(self, cell: ExperimentCell) -> list[dict[str, str]]:
        """The rows of a cell, in the order of its evaluations; [] if it has not been run."""
        if cell.setting is None:
            return []
        wanted = cell.columns()
        found = (self.rows[list(wanted)].to_numpy() == list(wanted.values())).all(axis=1)
        return self.rows[found].to_dict("records")

    def seconds_a_step(self) -> float | None:
        """Mean time of a training step of the cells so far, all else included; None without any."""
        last = self.rows.drop_duplicates(list(CELL_COLUMNS), keep="last")
        seconds, steps = last[["seconds", "steps"]].astype(float).sum()
        return seconds / steps if steps else None

    def append(
        self, cell: ExperimentCell, rows: Sequence[Mapping[str, float | str]], seconds: float
    ) -> None:
        """Add the rows of a finished cell.

        Args:
            cell: itself.
            rows: `steps`, `split` and metrics. A number that is not finite becomes an empty field.
            seconds: that it took.
        """
        common = cell.columns() | {"seconds": f"{seconds:.0f}", "recipe": self.recipe}
        new = pd.DataFrame(
            {k: _as_text(v) for k, v in (common | dict(row)).items()} for row in rows
        )
        with _locked(self.path.parent):
            # Another run may have added rows in the meantime.
            self.rows = pd.concat([self._read(), new], ignore_index=True).fillna("")
            with replacing(self.path) as temporary:
                self.rows.to_csv(temporary, index=False, lineterminator="\n")

    def _read(self) -> pd.DataFrame:
        check_new_file(self.path, "--results")
        if not self.path.exists() or not self.path.stat().st_size:
            return pd.DataFrame(columns=list(ROW_COLUMNS), dtype=str)
        rows = read_table(self.path)
        for line, recipe in enumerate(rows["recipe"], start=2):
            if recipe != self.recipe:
                raise ExperimentError(
                    f"{self.path}: line {line} has recipe {recipe}, not {self.recipe}: another "
                    "training or other data; name another file with --results"
                )
        return rows


def read_table(path: str | os.PathLike) -> pd.DataFrame:
    """The fields of a table of results as texts, "" where they are empty.

    Raises:
        ExperimentError: it is not text, lacks columns, or a line has too few or too many fields.
    """
    # pandas.read_csv takes a line that is cut off for one with empty fields.
    try:
        with open(path, newline="") as file:
            header, *lines = list(csv.reader(file)) or [[]]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ExperimentError(f"{path}: not a table of results ({error})") from error
    if missing := sorted(set(ROW_COLUMNS) - set(header)):
        raise ExperimentError(f"{path}: not a table of results: columns {missing} are missing")
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header):
            raise ExperimentError(
                f"{path}: line {number} has {len(line)} fields instead of {len(header)}; "
                "delete the lines of its cell, which is then run again"
            )
    return pd.DataFrame(lines, columns=header, dtype=str)


def _as_text(value: float | str) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.6g}" if math.isfinite(value) else ""


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Alone with the files of a folder among the processes that ask; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
