"""Losses and gradients that are not finite change nothing."""

import pytest
import torch

from tests.uncertain_densepose.engine.small_training import (
    differing,
    registered_tiny,
    state,
    trainer_of,
)
from uncertain_densepose.engine.finite_steps import DivergedError, all_finite
from uncertain_densepose.weights_file import WeightsError


@pytest.fixture(scope="module", autouse=True)
def tiny(tiny_data_root):
    with registered_tiny(tiny_data_root):
        yield


def spoil_gradient(model, when):
    """A NaN in the gradient of one parameter at the steps `when`, losses as they are."""
    parameter = next(p for p in model.parameters() if p.requires_grad)
    steps = iter(range(1000))
    parameter.register_hook(lambda g: g * torch.nan if next(steps) in when else g)


def spoil_loss(model, when):
    """A loss that is infinite at the steps `when`."""
    steps = iter(range(1000))

    def replace(module, inputs, losses):
        factor = torch.inf if next(steps) in when else 1.0
        return {name: loss * factor for name, loss in losses.items()}

    model.register_forward_hook(replace)


@pytest.mark.parametrize("spoil", [spoil_gradient, spoil_loss])
def test_such_a_step_is_skipped_and_counted(tmp_path, spoil, log):
    trainer = trainer_of(tmp_path)
    spoil(trainer._trainer.model, {1})
    trainer.resume_or_load(False)
    trainer.train()
    weights = [state(tmp_path, f"model_000000{step}") for step in range(4)]
    parameters = [name for name, _ in trainer._trainer.model.named_parameters()]
    changed = [set(differing(*weights[k : k + 2])) & set(parameters) for k in range(3)]
    assert not changed[0] and changed[1] and changed[2]
    assert "iteration 1 is skipped" in log.text
    latest = trainer.storage.latest()
    assert latest["skipped_steps"] == (1, 1) and latest["total_loss"][0] < 1e6


def test_too_many_in_a_row_end_the_training_with_good_checkpoints(tmp_path):
    trainer = trainer_of(tmp_path, "SOLVER.MAX_SKIPPED_STEPS", 2)
    spoil_gradient(trainer._trainer.model, {2, 3})
    trainer.resume_or_load(False)
    with pytest.raises(DivergedError, match="SOLVER.BASE_LR"):
        trainer.train()
    names = sorted(path.name for path in tmp_path.glob("*.pth"))
    assert names == [f"model_000000{step}.pth" for step in range(3)]
    assert all_finite(state(tmp_path, "model_0000002").values())


def test_a_learning_rate_far_too_high_ends_the_training(tmp_path):
    options = ("SOLVER.BASE_LR", 1e30, "SOLVER.MAX_ITER", 200, "SOLVER.MAX_SKIPPED_STEPS", 3)
    options += ("SOLVER.CHECKPOINT_PERIOD", 1000)
    trainer = trainer_of(tmp_path, *options)
    trainer.resume_or_load(False)
    with pytest.raises(DivergedError):
        trainer.train()


def test_weights_that_are_not_finite_are_neither_saved_nor_tagged(tmp_path):
    trainer = trainer_of(tmp_path)
    trainer.resume_or_load(False)
    trainer.checkpointer.save("model_0000000", iteration=0)
    with torch.no_grad():
        next(trainer._trainer.model.parameters()).view(-1)[0] = torch.inf
    with pytest.raises(WeightsError, match="not finite"):
        trainer.checkpointer.save("model_0000001", iteration=1)
    assert (tmp_path / "last_checkpoint").read_text() == "model_0000000.pth"
    assert [path.name for path in tmp_path.glob("*.pth")] == ["model_0000000.pth"]


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_one_value_among_many_is_found(value):
    tensors = [torch.randn(50, 3), torch.full((7,), 3e38), torch.randn(4)]
    assert all_finite(tensors)
    tensors[0][17, 1] = value
    assert not all_finite(tensors)
