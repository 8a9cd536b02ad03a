"""Several trained models of an experiment as one, measured like each of them alone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import cast

import torch
from detectron2.config import CfgNode
from torch import nn

from uncertain_densepose.inference.fusion import FUSION_RULES
from uncertain_densepose.inference.fusion.predictions import fuse_maps
from uncertain_densepose.structures import ChartMaps

from .cell import cell_config, experiment_sets, split_rows, surface_distance
from .crop_model import CropDensePose
from .result_table import ResultTable
from .runner import reported_cells
from .settings import ExperimentCell
from .weights import load_trained_model

FUSED_STAGE = "fused"
"""Stage of the rows of fused models, whose model is `NAME/RULE` and whose seed counts from 1."""


class FusedCropModel(nn.Module):
    """Models whose maps of a crop are fused by a rule.

    Args:
        models: two or more.
        rule: a name in `inference.fusion.FUSION_RULES`.
    """

    def __init__(self, models: Sequence[CropDensePose], rule: str):
        super().__init__()
        self.models = nn.ModuleList(models)
        self.rule = rule

    @property
    def _members(self) -> list[CropDensePose]:
        # A `ModuleList` does not tell the type of its modules.
        return cast("list[CropDensePose]", list(self.models))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._members[0].device

    def predict(self, images: torch.Tensor) -> ChartMaps:
        """The fused chart maps of crops (N, 3, S, S), RGB in 0..255; one box each."""
        return fuse_maps([model.predict(images) for model in self._members], self.rule)


def fused_cells(cfg: CfgNode, table: ResultTable) -> dict[ExperimentCell, list[ExperimentCell]]:
    """Every fusion of the headline's models, with its members, whose seeds follow each other.

    Each has `EXPERIMENT.FUSION_MEMBERS` members; seeds that are left over are not used.

    Args:
        cfg: of the experiment.
        table: of its cells.
    """
    size, world = cfg.EXPERIMENT.FUSION_MEMBERS, cfg.EXPERIMENT.HEADLINE_WORLD
    reported = [cell for cell in reported_cells(cfg, table) if cell.world == world]
    fusions = {}
    for model in cfg.EXPERIMENT.HEADLINE_MODELS:
        cells = [cell for cell in reported if cell.model == model]
        for number, rule in itertools.product(range(len(cells) // size), FUSION_RULES):
            members = cells[number * size : (number + 1) * size]
            name = f"{model}/{rule}"
            fusions[ExperimentCell(FUSED_STAGE, world, name, number + 1, members[0].setting)] = (
                members
            )
    return fusions


def run_fusion(
    cfg: CfgNode, fused: ExperimentCell, members: Sequence[ExperimentCell]
) -> list[dict]:
    """Measure a fusion.

    Args:
        cfg: of the experiment.
        fused: of `fused_cells`.
        members: the cells that it fuses.

    Returns:
        A row a split, as `cell.run_cell` gives them for a model alone.

    Raises:
        ExperimentError: a member's weights were not kept.
    """
    cfg = cell_config(cfg, members[0])
    model = FusedCropModel(
        [load_trained_model(cfg, cell) for cell in members], fused.model.partition("/")[2]
    )
    _, validation, test = experiment_sets(cfg, fused.world)
    splits = {"validation": validation, "test": test}
    return split_rows(model, splits, surface_distance(), cfg.SOLVER.MAX_ITER)
