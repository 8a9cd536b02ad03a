"""The table of an experiment: a csv with a row for each cell, length of training and split."""

from __future__ import annotations

import csv
import fcntl
import io
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from uncertain_densepose.atomic_file import replacing

from .settings import CELL_COLUMNS, Cell, ExperimentError

ROW_COLUMNS = (*CELL_COLUMNS, "steps", "split", "seconds", "recipe")
"""The columns that every row has; metrics follow. `seconds` is the time of the whole cell."""


class ResultTable:
    """The rows of a file, which grows by whole cells and is never left half written.

    Args:
        path: of the csv; it need not exist.
        recipe: of the experiment, see `settings.recipe`.

    Raises:
        ExperimentError: the file is no such table, or its rows are of another recipe.
    """

    def __init__(self, path: str | Path, recipe: str):
        self.path = Path(path)
        self.recipe = recipe
        self.rows = self._read()

    def rows_of(self, cell: Cell) -> list[dict[str, str]]:
        """The rows of a cell, in the order of its evaluations; [] if it has not been run."""
        if cell.setting is None:
            return []
        key = cell.columns()
        return [row for row in self.rows if all(row[k] == v for k, v in key.items())]

    def seconds_a_step(self) -> float | None:
        """Mean time of a training step of the cells so far, all else included; None without any."""
        last = {tuple(row[k] for k in CELL_COLUMNS): row for row in self.rows}.values()
        steps = sum(int(row["steps"]) for row in last)
        return sum(float(row["seconds"]) for row in last) / steps if steps else None

    def append(self, cell: Cell, rows: Sequence[Mapping[str, float | str]], seconds: float) -> None:
        """Add the rows of a finished cell.

        Args:
            cell: itself.
            rows: `steps`, `split` and metrics. A number that is not finite becomes an empty field.
            seconds: that it took.
        """
        common = cell.columns() | {"seconds": f"{seconds:.0f}", "recipe": self.recipe}
        new = [{k: _as_text(v) for k, v in (common | dict(row)).items()} for row in rows]
        with _locked(self.path.parent):
            # Another run may have added rows meanwhile.
            self.rows = self._read()
            columns = list(dict.fromkeys([*self._columns(), *(k for row in new for k in row)]))
            if self.rows and columns == self._columns():
                with self.path.open("a", newline="") as file:
                    file.write(_as_csv(columns, new))
            else:
                text = _as_csv(
                    columns, [dict(zip(columns, columns, strict=True)), *self.rows, *new]
                )
                with replacing(self.path) as temporary:
                    temporary.write_text(text)
            self.rows = self._read()

    def _columns(self) -> list[str]:
        return list(self.rows[0]) if self.rows else list(ROW_COLUMNS)

    def _read(self) -> list[dict[str, str]]:
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            header, *lines = list(csv.reader(file)) or [[]]
        if header and not set(ROW_COLUMNS) <= set(header):
            missing = sorted(set(ROW_COLUMNS) - set(header))
            raise ExperimentError(f"{self.path}: is no table of results, columns {missing} missing")
        rows = []
        for number, line in enumerate(lines, start=2):
            if len(line) != len(header):
                raise ExperimentError(
                    f"{self.path}: line {number} has {len(line)} fields instead of {len(header)}; "
                    "delete the lines of its cell, which is then run again"
                )
            rows.append(dict(zip(header, line, strict=True)))
            if rows[-1]["recipe"] != self.recipe:
                raise ExperimentError(
                    f"{self.path}: line {number} is of recipe {rows[-1]['recipe']}, not "
                    f"{self.recipe}: of another training or data; name another file by --results"
                )
        return rows


def _as_text(value: float | str) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.6g}" if math.isfinite(value) else ""


def _as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writerows(rows)
    return buffer.getvalue()


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
