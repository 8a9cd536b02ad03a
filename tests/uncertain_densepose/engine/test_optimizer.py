"""Optimisers by name, with Detectron2's parameter groups."""

import pytest
import torch
from detectron2.solver import build_optimizer as detectron2_optimizer
from torch import nn

from tests.model_factory import make_config
from uncertain_densepose.config import ConfigError
from uncertain_densepose.engine.optimizer import build_optimizer

MODEL = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


@pytest.mark.parametrize(("name", "kind"), [("SGD", torch.optim.SGD), ("ADAMW", torch.optim.AdamW)])
def test_the_named_optimiser_decays_weights_but_not_norms(name, kind):
    cfg = make_config("full", "SOLVER.OPTIMIZER", name, "SOLVER.WEIGHT_DECAY_NORM", 0.0)
    optimizer = build_optimizer(cfg, MODEL)
    assert isinstance(optimizer, kind)
    decay = {
        id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]
    }
    assert decay[id(MODEL[0].weight)] == cfg.SOLVER.WEIGHT_DECAY
    assert decay[id(MODEL[1].weight)] == 0


@pytest.mark.parametrize("name", ["SGD", "ADAMW"])
def test_the_pretrained_network_has_a_learning_rate_of_its_own(name):
    cfg = make_config("full", "SOLVER.OPTIMIZER", name, "SOLVER.BACKBONE_MULTIPLIER", 0.25)
    model = nn.ModuleDict(
        {"backbone": nn.ModuleDict({"bottom_up": nn.Linear(1, 1), "fpn_output2": nn.Linear(1, 1)})}
    )
    optimizer = build_optimizer(cfg, model)
    rates = {p: group["lr"] for group in optimizer.param_groups for p in group["params"]}
    base = cfg.SOLVER.BASE_LR
    assert {rates[p] for p in model["backbone"]["bottom_up"].parameters()} == {0.25 * base}
    assert {rates[p] for p in model["backbone"]["fpn_output2"].parameters()} == {base}


def test_sgd_is_that_of_detectron2():
    cfg = make_config("full", "SOLVER.OPTIMIZER", "SGD", "SOLVER.BIAS_LR_FACTOR", 2.0)
    ours, theirs = build_optimizer(cfg, MODEL), detectron2_optimizer(cfg, MODEL)
    assert ours.state_dict() == theirs.state_dict()


def test_gradients_are_clipped_before_a_step():
    cfg = make_config("full", "SOLVER.OPTIMIZER", "ADAMW", "SOLVER.BASE_LR", 1e-3)
    model = nn.Linear(1, 1, bias=False)
    optimizer = build_optimizer(cfg, model)
    model.weight.grad = torch.full((1, 1), 1e6)
    optimizer.step()
    torch.testing.assert_close(model.weight.grad, torch.full((1, 1), 10.0))


def test_an_unknown_optimiser_is_named_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'LION'.*SGD.*ADAMW"):
        build_optimizer(make_config("full", "SOLVER.OPTIMIZER", "LION"), MODEL)
