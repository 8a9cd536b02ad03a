"""The rows of the experiment's table that are reported, read from its csv file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import pandas as pd

from uncertain_densepose.errors import UserError

from ..result_table import read_table
from ..settings import ExperimentError
from .statistics import Spread

BASELINE, CHALLENGER = "mse", "full"
"""The models of the headline question."""

WORLD_ORDER = ("annotator", "shared", "iid", "clean")
"""The headline first; others follow in the order of the file."""

MODEL_ORDER = ("mse", "iid_iso", "indep_aniso", "full", "full_similarity")
"""The simplest first; others follow in the order of the file."""

FINAL, TEST = "final", "test"
"""Stage and split of the rows that are reported: trained with the chosen setting, and read on
people on whom nothing was chosen."""

_TEXTS = ["stage", "world", "model", "split", "recipe"]
_WHOLE = ["seed", "steps"]
_KEY = ["world", "model", "seed", "steps"]


class DocumentError(UserError, ValueError):
    """Results that cannot be reported. The message says where and what to do."""


def read_rows(path: str | os.PathLike) -> pd.DataFrame:
    """All rows of a csv file with the columns of `ROW_COLUMNS` and metrics.

    Returns:
        A row a model and length of training, with the columns of the file: `seed` and `steps`
        int64, metrics and all else that is counted float64, NaN where a field is empty.

    Raises:
        DocumentError: there is no such file, it is not a table of results, or a field is not a
            number.
    """
    if not os.path.isfile(path):
        raise DocumentError(f"{path}: no such file; python -m lab.experiment writes it")
    try:
        rows = read_table(path)
    except ExperimentError as error:
        raise DocumentError(str(error)) from error
    texts = rows.drop(columns=_TEXTS)
    numbers = texts.apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = numbers.isna() & (texts != "")
    wrong[_WHOLE] = numbers[_WHOLE] % 1 != 0
    if wrong.any(axis=None):
        line, name = wrong.stack().idxmax()
        raise DocumentError(
            f"{path}: line {line + 2}: column '{name}' must be a number, not {texts[name][line]!r}"
        )
    whole = numbers[_WHOLE].astype(int)
    return pd.concat([rows[_TEXTS], whole, numbers.drop(columns=_WHOLE)], axis=1)


class ExperimentResults:
    """The reported rows, by world, model, length of training and seed.

    Args:
        rows: of `read_rows`; those of other stages and splits are left out.

    Raises:
        DocumentError: there is no row to report, or two of the same world, model, seed and length.
    """

    def __init__(self, rows: pd.DataFrame):
        self.rows = rows[(rows["stage"] == FINAL) & (rows["split"] == TEST)].sort_values(_KEY[2:])
        if self.rows.empty:
            raise DocumentError(
                f"no row has stage '{FINAL}' and split '{TEST}'; finish a cell first"
            )
        twice = self.rows[self.rows.duplicated(_KEY)]
        if len(twice):
            row = twice.iloc[0]
            raise DocumentError(
                f"two rows of world '{row.world}', model '{row.model}', seed {row.seed} and "
                f"{row.steps} steps; remove one cell from the file"
            )
        self._none = self.rows[:0].set_index("seed")
        last = self.rows.drop_duplicates(["world", "model", "seed"], keep="last")
        self._by_seed = {
            key: rows.set_index("seed")
            for key, rows in self.rows.groupby(["world", "model", "steps"])
        } | {(*key, None): rows.set_index("seed") for key, rows in last.groupby(["world", "model"])}

    def worlds(self) -> list[str]:
        """The worlds, in the order of the report."""
        return ordered(self.rows["world"].sort_index(), WORLD_ORDER)

    def models(self, world: str) -> list[str]:
        """The models of a world, in the order of the report."""
        rows = self.rows[self.rows["world"] == world]
        return ordered(rows["model"].sort_index(), MODEL_ORDER)

    def steps(self, world: str) -> list[int]:
        """The numbers of training steps at which a world's models were measured, ascending."""
        return sorted(set(self.rows.loc[self.rows["world"] == world, "steps"]))

    def final(self, world: str, model: str, steps: int | None = None) -> pd.DataFrame:
        """Rows by seed, after `steps` training steps (default: all), in the units of the file."""
        return self._by_seed.get((world, model, steps), self._none)

    def values(self, world: str, model: str, metric: str, steps: int | None = None) -> pd.Series:
        """A metric by seed, after `steps` training steps (default: all).

        Raises:
            DocumentError: the file has no such metric.
        """
        if metric not in self.rows:
            raise DocumentError(f"there is no column '{metric}'; measure the cells again")
        return self.final(world, model, steps)[metric]

    def gain(
        self, world: str, metric: str, model: str, baseline: str, steps: int | None = None
    ) -> pd.Series:
        """Model minus baseline, by seed that both have: what seeds share drops out.

        Arguments and errors as for `values`.
        """
        better, worse = (self.values(world, name, metric, steps) for name in (model, baseline))
        return better - worse

    def spread(self, world: str, model: str, metric: str, steps: int | None = None) -> Spread:
        """The spread of `values` over seeds."""
        return Spread.of(self.values(world, model, metric, steps))

    def difference(
        self, world: str, metric: str, model: str, baseline: str, steps: int | None = None
    ) -> Spread:
        """The spread of `gain` over seeds."""
        return Spread.of(self.gain(world, metric, model, baseline, steps))


def ordered(names: Iterable[str], order: Sequence[str]) -> list[str]:
    """Names, each once: those of `order` first, then others as they come."""
    found = dict.fromkeys(names)
    return [name for name in dict.fromkeys([*order, *found]) if name in found]
