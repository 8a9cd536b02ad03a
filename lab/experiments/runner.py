"""Runs the cells of an experiment that are not in its table yet."""

from __future__ import annotations

import functools
import multiprocessing
import queue
import threading
import time
from collections.abc import Callable, Sequence

from detectron2.config import CfgNode

from uncertain_densepose.process_pool import run_tasks

from .cell import check_worlds, experiment_sets, run_cell
from .result_table import ResultTable
from .settings import (
    ExperimentCell,
    ExperimentError,
    Setting,
    final_cells,
    models_of,
    settings_of,
    tuning_cells,
)

Finished = tuple[ExperimentCell, list[dict], float]
"""A cell, its rows and the seconds that it took."""


def choose_setting(cfg: CfgNode, model: str, table: ResultTable) -> Setting | None:
    """The setting of a model that is best by `EXPERIMENT.TUNING.CRITERION`.

    None while a cell of its tuning is missing. A grid of one setting leaves nothing to tune.

    Raises:
        ExperimentError: the table has no such metric.
    """
    settings = settings_of(cfg, model)
    if len(settings) == 1:
        return settings[0]
    scores = {}
    for cell in tuning_cells(cfg, model):
        rows = table.rows_of(cell)
        if not rows:
            return None
        scores[cell.setting] = _score(cfg, rows[-1], table)
    return max(scores, key=scores.__getitem__)


def _score(cfg: CfgNode, row: dict[str, str], table: ResultTable) -> float:
    score = 0.0
    for metric, weight in cfg.EXPERIMENT.TUNING.CRITERION:
        if not row.get(metric):
            raise ExperimentError(
                f"{table.path}: no value of EXPERIMENT.TUNING.CRITERION's {metric!r} for "
                f"{row['model']}"
            )
        score += weight * float(row[metric])
    return score


def plan(cfg: CfgNode, table: ResultTable) -> list[ExperimentCell]:
    """All cells of an experiment: every model's tuning, then what is reported of it."""
    tuning, final = [], []
    for model in models_of(cfg):
        tuning += tuning_cells(cfg, model)
        final += final_cells(cfg, model, choose_setting(cfg, model, table))
    # Cells of a world one after another, since a process keeps one world in memory.
    worlds = list(dict.fromkeys(cell.world for cell in final))
    return tuning + sorted(final, key=lambda cell: worlds.index(cell.world))


def reported_cells(cfg: CfgNode, table: ResultTable) -> list[ExperimentCell]:
    """The final cells of models whose setting is known."""
    return [cell for cell in plan(cfg, table) if cell.stage == "final" and cell.setting is not None]


def left_over(
    cfg: CfgNode, table: ResultTable, wanted: Callable[[ExperimentCell], bool]
) -> list[ExperimentCell]:
    """The wanted cells that are not in the table."""
    return [cell for cell in plan(cfg, table) if wanted(cell) and not table.rows_of(cell)]


def run_experiment(
    cfg: CfgNode,
    table: ResultTable,
    wanted: Callable[[ExperimentCell], bool] = lambda cell: True,
    jobs: int = 1,
    on_step: Callable[[], None] = lambda: None,
    on_finished: Callable[[Finished], None] = lambda finished: None,
) -> None:
    """Run what is left; every finished cell is in the table at once.

    Args:
        cfg: of the experiment.
        table: its results.
        wanted: which cells to run.
        jobs: processes, of one thread each; with 1 this process does the work.
        on_step: called once a training step of any cell.
        on_finished: called after a cell's rows are in the table.

    Raises:
        ExperimentError: final cells are wanted whose model has not been tuned.
        FileNotFoundError: a world of the cells is missing.
    """
    while left := left_over(cfg, table, wanted):
        ready = [cell for cell in left if cell.setting is not None]
        if not ready:
            models = sorted({cell.model for cell in left})
            raise ExperimentError(
                f"the setting of {', '.join(models)} has not been chosen yet: run the tuning "
                "(--only stage=tune) first"
            )
        check_worlds(cfg, {cell.world for cell in left})
        # Crops are cut out here, once, and not by every process.
        experiment_sets(cfg, ready[0].world)

        def take(finished: Finished) -> None:
            table.append(*finished)
            on_finished(finished)

        if jobs == 1:
            run_tasks(lambda cell: timed_cell(cfg, cell, on_step), ready, 1, take)
        else:
            _run_in_processes(jobs, cfg, ready, on_step, take)


def timed_cell(cfg: CfgNode, cell: ExperimentCell, on_step: Callable[[], None]) -> Finished:
    """Run a cell and take its time."""
    start = time.perf_counter()
    rows = run_cell(cfg, cell, on_step)
    return cell, rows, time.perf_counter() - start


def _run_in_processes(
    jobs: int,
    cfg: CfgNode,
    cells: Sequence[ExperimentCell],
    on_step: Callable[[], None],
    on_finished: Callable[[Finished], None],
) -> None:
    with multiprocessing.get_context("spawn").Manager() as manager:
        steps = manager.Queue()
        listener = threading.Thread(target=_pass_on, args=(steps, on_step))
        listener.start()
        try:
            run_tasks(functools.partial(_work, cfg, steps), cells, jobs, on_finished)
        finally:
            steps.put(_NO_MORE)
            listener.join()


_STEP, _NO_MORE = "step", "no more"


def _pass_on(steps: queue.Queue[str], on_step: Callable[[], None]) -> None:
    for _ in iter(steps.get, _NO_MORE):
        on_step()


def _work(cfg: CfgNode, steps: queue.Queue[str], cell: ExperimentCell) -> Finished:
    return timed_cell(cfg, cell, lambda: steps.put(_STEP))
