"""A training that starts anew takes the weights of a simpler noise model."""

from types import SimpleNamespace

import pytest
import torch

from tests.model_factory import make_config, make_model
from uncertain_densepose.engine import Trainer, WeightsError


def trainer(noise_model, weights):
    """As far as it is needed to load weights."""
    made = Trainer.__new__(Trainer)
    made.cfg = make_config(noise_model, "MODEL.WEIGHTS", str(weights))
    made._trainer = SimpleNamespace(model=make_model(made.cfg, seed=1))
    made.checkpointer = SimpleNamespace(has_checkpoint=lambda: False)
    return made


@pytest.fixture
def weights():
    return make_model(make_config("indep_aniso")).state_dict()


@pytest.fixture
def parent(tmp_path, weights):
    path = tmp_path / "model_final.pth"
    torch.save({"model": weights}, path)
    return path


@pytest.mark.parametrize("resume", [False, True])
def test_training_starts_from_a_parent_s_weights(parent, resume):
    """With `resume` and no checkpoint too, as in Detectron2."""
    made = trainer("full", parent)
    made.resume_or_load(resume=resume)
    found = made._trainer.model.state_dict()
    assert all(torch.equal(found[k], v) for k, v in torch.load(parent)["model"].items())
    predictor = made._trainer.model.roi_heads.densepose_predictor
    assert not predictor.shared_variance.weight.any()


def test_a_parent_may_have_been_saved_in_its_parallel_form(tmp_path, weights):
    torch.save({f"module.{name}": values for name, values in weights.items()}, tmp_path / "a.pth")
    made = trainer("full", tmp_path / "a.pth")
    made.resume_or_load()
    found = made._trainer.model.state_dict()
    assert all(torch.equal(found[name], values) for name, values in weights.items())


def test_training_starts_from_a_backbone_and_evaluation_does_not(tmp_path, weights):
    backbone = {name: v for name, v in weights.items() if name.startswith("backbone.")}
    torch.save(backbone, tmp_path / "backbone.pth")
    made = trainer("indep_aniso", tmp_path / "backbone.pth")
    made.resume_or_load()
    found = made._trainer.model.state_dict()
    assert all(torch.equal(found[name], values) for name, values in backbone.items())
    with pytest.raises(WeightsError, match=r"backbone\.pth: \d+ of the model's \d+ parameters"):
        Trainer.load_weights(made.cfg, made._trainer.model)


def test_evaluation_does_not(parent):
    made = trainer("full", parent)
    with pytest.raises(WeightsError, match="model_final.pth: .*only training can start"):
        Trainer.load_weights(made.cfg, made._trainer.model)
