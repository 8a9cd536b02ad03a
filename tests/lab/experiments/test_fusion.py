import pytest
import torch

from lab.experiments.cell import cell_config
from lab.experiments.crop_model import build_crop_model
from lab.experiments.fusion import FusedCropModel, fused_cells
from lab.experiments.result_table import ResultTable
from lab.experiments.settings import ExperimentCell, Setting, recipe
from tests.lab.experiments.conftest import CONFIG
from uncertain_densepose.inference.fusion import FUSION_RULES
from uncertain_densepose.inference.fusion.predictions import fuse_maps

ONE_SETTING = ("EXPERIMENT.TUNING.GRID", "[[0.5, 1.0, 0.1]]")


@pytest.fixture
def table(tmp_path):
    return ResultTable(tmp_path / "none.csv", recipe(CONFIG))


def test_members_are_seeds_that_follow_each_other(tiny_experiment, table):
    cfg = tiny_experiment(
        *ONE_SETTING,
        *("EXPERIMENT.SEEDS", "[1, 2, 5, 6, 9]"),
        *("EXPERIMENT.HEADLINE_MODELS", "['full']"),
        *("EXPERIMENT.FUSION_MEMBERS", "2"),
    )
    found = {
        (cell.model, cell.seed): [member.seed for member in members]
        for cell, members in fused_cells(cfg, table).items()
    }
    expected = {1: [1, 2], 2: [5, 6]}
    assert found == {(f"full/{r}", n): expected[n] for r in FUSION_RULES for n in expected}


def test_a_model_that_has_not_been_tuned_enters_none(tiny_experiment, table):
    assert fused_cells(tiny_experiment("EXPERIMENT.FUSION_MEMBERS", "2"), table) == {}


def test_maps_are_fused_by_the_rule(tiny_experiment):
    cell = ExperimentCell("final", "annotator", "full", 1, Setting(0.5, 0.1, 0.0))
    cfg = cell_config(tiny_experiment(), cell)
    models = [build_crop_model(cfg, seed) for seed in (1, 2)]
    images = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    fused = FusedCropModel(models, "joint").eval()
    with torch.no_grad():
        found = fused.predict(images)
        expected = fuse_maps([model.predict(images) for model in models], "joint")
    assert torch.equal(found.u, expected.u)
    assert torch.equal(found.shared_covariance, expected.shared_covariance)
