"""A training that starts anew takes the weights of a simpler noise model."""

from types import SimpleNamespace

import pytest
import torch
from model_factory import make_config, make_model

from uncertain_densepose.engine import Trainer, WeightsError


def trainer(noise_model, weights):
    """As far as it is needed to load weights."""
    made = Trainer.__new__(Trainer)
    made.cfg = make_config(noise_model, "MODEL.WEIGHTS", str(weights))
    made._trainer = SimpleNamespace(model=make_model(made.cfg, seed=1))
    made.checkpointer = SimpleNamespace(has_checkpoint=lambda: False)
    return made


@pytest.fixture
def parent(tmp_path):
    path = tmp_path / "model_final.pth"
    torch.save({"model": make_model(make_config("indep_aniso")).state_dict()}, path)
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


def test_evaluation_does_not(parent):
    made = trainer("full", parent)
    with pytest.raises(WeightsError, match="model_final.pth: .*only training can start"):
        Trainer.load_weights(made.cfg, made._trainer.model)
