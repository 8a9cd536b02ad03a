import pytest
import torch

from lab.experiments.cell import cell_config
from lab.experiments.crop_model import build_crop_model
from lab.experiments.settings import ExperimentCell, ExperimentError, Setting
from lab.experiments.weights import load_trained_model, save_weights, weights_file

CELL = ExperimentCell("final", "annotator", "full", 3, Setting(0.5, 0.1, 0.0))


@pytest.fixture
def cfg(tiny_experiment, tmp_path):
    return cell_config(tiny_experiment("EXPERIMENT.WEIGHTS_DIR", str(tmp_path / "new")), CELL)


def test_a_model_comes_back_as_it_was_kept(cfg):
    model = build_crop_model(cfg, seed=7)
    save_weights(cfg.EXPERIMENT.WEIGHTS_DIR, CELL, model)
    assert weights_file(cfg.EXPERIMENT.WEIGHTS_DIR, CELL).name == "annotator_full_seed3.pth"
    found = load_trained_model(cfg, CELL).state_dict()
    for name, values in model.state_dict().items():
        assert torch.equal(found[name], values), name


def test_weights_that_were_not_kept_are_named(cfg):
    with pytest.raises(ExperimentError, match="annotator_full_seed3.pth: the weights of final"):
        load_trained_model(cfg, CELL)
