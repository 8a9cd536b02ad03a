"""The rows of the experiment's table that are reported, read from its csv file."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from uncertain_densepose.errors import UserError

from ..result_table import ROW_COLUMNS
from ..settings import Setting
from .statistics import Spread, paired_difference

BASELINE, CHALLENGER = "mse", "full"
"""The models of the headline question."""

WORLD_ORDER = ("annotator", "shared", "iid", "clean")
"""The headline first; others follow in the order of the file."""

MODEL_ORDER = ("mse", "iid_iso", "indep_aniso", "full", "full_similarity")
"""The simplest first; others follow in the order of the file."""

FINAL, TEST = "final", "test"
"""Stage and split of the rows that are reported: trained with the chosen setting, and read on
people on whom nothing was chosen."""

_SETTING = tuple(field.name for field in fields(Setting))


class DocumentError(UserError, ValueError):
    """Results that no report can be made of. The message says where and what to do."""


@dataclass(frozen=True)
class Row:
    """A model, measured once.

    Attributes:
        world, model, stage, split: as in the file.
        seed: of weights and order of data.
        steps: of training, after which it was measured.
        seconds: that the whole cell took.
        setting: the tuned values.
        metrics: numbers by name, NaN where a cell is empty.
    """

    world: str
    model: str
    stage: str
    split: str
    seed: int
    steps: int
    seconds: float
    setting: Setting
    metrics: dict[str, float]


def read_rows(path: str | os.PathLike) -> list[Row]:
    """All rows of a csv file with the columns of `ROW_COLUMNS` and metrics.

    Raises:
        DocumentError: there is no such file, it lacks columns, or a field is no number.
    """
    if not os.path.isfile(path):
        raise DocumentError(f"{path}: no such file; python -m lab.experiment writes it")
    with open(path, newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or ())
        for name in ROW_COLUMNS:
            if name not in columns:
                raise DocumentError(f"{path}: line 1: there is no column '{name}'")
        metrics = [name for name in columns if name not in ROW_COLUMNS]

        def number(kind: type, line: dict, name: str):
            text = line[name]
            try:
                return math.nan if kind is float and text == "" else kind(text)
            except (TypeError, ValueError):
                place = f"{path}: line {reader.line_num}: column '{name}'"
                raise DocumentError(f"{place} must be a number, not {text!r}") from None

        return [
            Row(
                **{name: line[name] for name in ("world", "model", "stage", "split")},
                **{name: number(int, line, name) for name in ("seed", "steps")},
                seconds=number(float, line, "seconds"),
                setting=Setting(*(number(float, line, name) for name in _SETTING)),
                metrics={name: number(float, line, name) for name in metrics},
            )
            for line in reader
        ]


class Results:
    """The reported rows, by world, model, length of training and seed.

    Args:
        rows: of the file; those of other stages and splits are left out.

    Raises:
        DocumentError: there is no row to report, or two of the same world, model, seed and length.
    """

    def __init__(self, rows: Iterable[Row]):
        self.rows = [row for row in rows if (row.stage, row.split) == (FINAL, TEST)]
        if not self.rows:
            raise DocumentError(
                f"no row has stage '{FINAL}' and split '{TEST}'; finish a cell first"
            )
        by_key: dict[tuple[str, str, int, int], Row] = {}
        for row in self.rows:
            key = (row.world, row.model, row.seed, row.steps)
            if key in by_key:
                raise DocumentError(
                    f"two rows of world '{row.world}', model '{row.model}', seed {row.seed} and "
                    f"{row.steps} steps; remove one cell from the file"
                )
            by_key[key] = row

    def worlds(self) -> list[str]:
        """In the order of the report."""
        return _ordered((row.world for row in self.rows), WORLD_ORDER)

    def models(self, world: str) -> list[str]:
        """Those of a world, in the order of the report."""
        return _ordered((row.model for row in self.rows if row.world == world), MODEL_ORDER)

    def steps(self, world: str) -> list[int]:
        """After which models of a world were measured, rising."""
        return sorted({row.steps for row in self.rows if row.world == world})

    def final(self, world: str, model: str) -> list[Row]:
        """The fully trained ones, a row a seed."""
        last: dict[int, Row] = {}
        for row in sorted(self.rows, key=lambda row: (row.seed, row.steps)):
            if (row.world, row.model) == (world, model):
                last[row.seed] = row
        return list(last.values())

    def values(
        self, world: str, model: str, metric: str, steps: int | None = None
    ) -> dict[int, float]:
        """Of a metric by seed, after `steps` steps of training, by default after all.

        Raises:
            DocumentError: the file has no such metric.
        """
        rows = self.final(world, model)
        if steps is not None:
            rows = [r for r in self.rows if (r.world, r.model, r.steps) == (world, model, steps)]
        if rows and metric not in rows[0].metrics:
            raise DocumentError(f"there is no column '{metric}'; measure the cells again")
        return {row.seed: row.metrics[metric] for row in rows}

    def spread(self, world: str, model: str, metric: str, steps: int | None = None) -> Spread:
        """Of `values` over seeds."""
        return Spread.of(self.values(world, model, metric, steps).values())

    def difference(
        self, world: str, metric: str, model: str, baseline: str, steps: int | None = None
    ) -> Spread:
        """Of `values`, model minus baseline, paired by seed."""
        pair = (self.values(world, name, metric, steps) for name in (model, baseline))
        return paired_difference(*pair)


def _ordered(names: Iterable[str], order: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(names))
    return [name for name in order if name in found] + [n for n in found if n not in order]
