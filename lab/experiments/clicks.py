"""What clicks are worth to the trained models of an experiment, on its test people."""

from __future__ import annotations

from dataclasses import replace

import torch
from detectron2.config import CfgNode

from uncertain_densepose.inference.clicks_curve import NUM_CLICKS, clicks_curve

from .cell import cell_config, experiment_sets
from .outcome import Outcome
from .reading import read_outcome
from .result_table import ResultTable
from .runner import reported_cells
from .settings import WITHOUT_LIKELIHOOD, ExperimentCell, ExperimentError
from .weights import load_trained_model

CLICKS_STAGE = "clicks"
"""Stage of the rows."""


def click_rows(outcome: Outcome, seed: int) -> list[dict]:
    """Errors of points that are not clicked, by number of clicks on their parts.

    Args:
        outcome: of a model with a variance.
        seed: of the choice of clicked points.

    Returns:
        A row a number of `clicks`, its metrics ending in `_labels` and `_truth`. For the labels
        users click as the annotators of the set did, with the error that a part's labels share,
        and predictions are compared with labels; for the truth they click the truth and are
        compared with it, at points whose label names the right chart. `error_uv` is the mean
        length of the residuals, `rms_error_uv` and `expected_rms_error_uv` their root mean square
        and what the model expects of it (chart units), `num_points` those that are
        compared.
    """
    right = outcome.part_is_true
    readings = {
        "labels": (outcome.points, outcome.uv_label, outcome.group),
        "truth": (
            outcome.points[right],
            outcome.uv_true[right],
            torch.unique(outcome.group[right], return_inverse=True)[1],
        ),
    }
    rows: list[dict[str, float]] = [{"clicks": clicks} for clicks in NUM_CLICKS]
    for reference, (points, target_uv, group) in readings.items():
        generator = torch.Generator().manual_seed(seed)
        curve = clicks_curve(points, target_uv, group, NUM_CLICKS, generator)
        for index, row in enumerate(rows):
            row |= {
                f"error_uv_{reference}": curve.mean_error_uv[index].item(),
                f"rms_error_uv_{reference}": curve.rms_error_uv[index].item(),
                f"expected_rms_error_uv_{reference}": curve.expected_rms_error_uv[index].item(),
                f"num_points_{reference}": len(curve.point),
            }
    return rows


def click_cells(cfg: CfgNode, table: ResultTable) -> dict[ExperimentCell, ExperimentCell]:
    """The cells of stage `CLICKS_STAGE`, each with the trained cell that it is measured on.

    Args:
        cfg: of the experiment.
        table: of its trained cells.
    """
    return {
        replace(cell, stage=CLICKS_STAGE): cell
        for cell in reported_cells(cfg, table)
        if cell.model not in WITHOUT_LIKELIHOOD
    }


def run_clicks(cfg: CfgNode, trained: ExperimentCell) -> list[dict]:
    """The rows of `click_rows` for a trained model and the test people of its world.

    Raises:
        ExperimentError: its weights were not kept, or no part has enough points to click.
    """
    cfg = cell_config(cfg, trained)
    test = experiment_sets(cfg, trained.world)[2]
    outcome = read_outcome(load_trained_model(cfg, trained), test)
    try:
        rows = click_rows(outcome, trained.seed)
    except ValueError as error:
        raise ExperimentError(f"{cfg.EXPERIMENT.DATASET}, {trained.world}: {error}") from error
    return [{"steps": cfg.SOLVER.MAX_ITER, "split": "test"} | row for row in rows]
