"""What trained models are good for: their fusions, and what clicks are worth."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from detectron2.config import CfgNode
from tqdm import tqdm

from .clicks import click_cells, run_clicks
from .fusion import fused_cells, run_fusion
from .result_table import ResultTable
from .settings import ExperimentCell, load_experiment, recipe
from .weights import weights_file


def measure_missing(
    cfg: CfgNode,
    table: ResultTable,
    needs: Mapping[ExperimentCell, Sequence[ExperimentCell]],
    run: Callable[[ExperimentCell], list[dict]],
) -> None:
    """Measure what is not in the table yet and has all the weights that it needs.

    Args:
        cfg: of the experiment.
        table: of the results.
        needs: each cell to measure, with the trained cells that it is measured on.
        run: measures a cell and gives its rows.
    """
    left = [cell for cell in needs if not table.rows_of(cell)]
    folder = cfg.EXPERIMENT.WEIGHTS_DIR
    ready = [c for c in left if all(weights_file(folder, one).is_file() for one in needs[c])]
    if len(ready) < len(left):
        print(f"{table.path}: {len(left) - len(ready)} cells wait for weights in {folder!r}")
    for cell in tqdm(ready, desc=table.path.stem, disable=not ready):
        start = time.perf_counter()
        table.append(cell, run(cell), time.perf_counter() - start)


def run_uses(config: str, overrides: Sequence[str]) -> tuple[ResultTable, ResultTable, ResultTable]:
    """Measure one experiment; its trained cells, fusions and clicks.

    Raises:
        ExperimentError, FileNotFoundError: see `load_experiment` and `ResultTable`.
    """
    cfg = load_experiment(config, overrides)
    options = cfg.EXPERIMENT
    of_recipe = recipe(config, overrides)
    paths = options.RESULTS, options.FUSION_RESULTS, options.CLICKS_RESULTS
    trained, fused, clicked = (ResultTable(path, of_recipe) for path in paths)
    fusions, clicks = fused_cells(cfg, trained), click_cells(cfg, trained)
    measure_missing(cfg, fused, fusions, lambda cell: run_fusion(cfg, cell, fusions[cell]))
    measure_missing(
        cfg,
        clicked,
        {cell: [one] for cell, one in clicks.items()},
        lambda cell: run_clicks(cfg, clicks[cell]),
    )
    return trained, fused, clicked
