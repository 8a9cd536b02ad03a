import itertools

import pytest
import torch

from lab.experiments.crop_model import build_crop_model
from lab.experiments.crop_sets import load_sets
from lab.experiments.training import TrainingDiverged, TrainingItems, draws, train_crop_model
from uncertain_densepose.structures.chart_mirror import SymmetricChartMirror

SIDE = 32


@pytest.fixture(scope="module")
def training_set(crop_folder):
    return load_sets(crop_folder, "annotator", SIDE, validation_share=0.2)[0]


def take(count, *args):
    return list(itertools.islice(draws(*args), count))


def test_everybody_is_drawn_once_a_round():
    batches = take(9, 12, 8, 0)
    people = [person for batch, _ in batches for person in batch]
    assert all(len(batch) == len(flip) == 8 for batch, flip in batches)
    for start in range(0, 72, 12):
        assert sorted(people[start : start + 12]) == list(range(12))
    assert people[:12] != people[12:24]


def test_draws_depend_on_the_seed_alone():
    assert take(5, 12, 8, 3) == take(5, 12, 8, 3)
    assert take(5, 12, 8, 3) != take(5, 12, 8, 4)


def test_half_of_the_people_are_mirrored():
    flips = [flip for _, batch in take(100, 30, 10, 0) for flip in batch]
    assert 430 < sum(flips) < 570


def test_items_are_mirrored_as_asked(training_set):
    items = TrainingItems(training_set, SymmetricChartMirror(), 255.0)
    plain, mirrored = items([4, 4], [False, True])
    assert torch.equal(plain["image"], training_set.image[4])
    assert torch.equal(mirrored["image"], training_set.image[4].flip(-1))
    xy = plain["densepose"].xy
    torch.testing.assert_close(mirrored["densepose"].xy[:, 0], 255 - xy[:, 0])
    assert torch.equal(mirrored["densepose"].xy[:, 1], xy[:, 1])


def trained(cfg, training_set, seed=1, milestones=None):
    model = build_crop_model(cfg, seed).train()
    seen = []
    model.register_forward_pre_hook(
        lambda module, inputs: seen.append([item["image"] for item in inputs[0]])
    )
    train_crop_model(cfg, model, training_set, seed, lambda: None, milestones or {})
    return model, seen


def config(tiny_experiment, noise_model, *overrides):
    key = "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE"
    return tiny_experiment(key, noise_model, "SOLVER.BASE_LR", "0.01", *overrides)


def test_the_same_seed_trains_to_the_same_bits(tiny_experiment, training_set):
    cfg = config(tiny_experiment, "full")
    (first, _), (second, _) = (trained(cfg, training_set) for _ in range(2))
    start = build_crop_model(cfg, 1)
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(
        start.densepose_predictor.u_lowres.weight, first.densepose_predictor.u_lowres.weight
    )


def test_all_models_see_the_same_crops_in_the_same_order(tiny_experiment, training_set):
    seen = [trained(config(tiny_experiment, name), training_set)[1] for name in ("mse", "full")]
    assert len(seen[0]) == len(seen[1]) == 4
    for batches in zip(*seen, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(*batches, strict=True))


def test_it_learns(tiny_experiment, training_set):
    cfg = config(tiny_experiment, "mse", "SOLVER.MAX_ITER", "40", "SOLVER.BASE_LR", "0.003")
    losses = []
    model = build_crop_model(cfg, 0).train()
    model.register_forward_hook(
        lambda module, inputs, output: losses.append(sum(output.values()).item())
    )
    train_crop_model(cfg, model, training_set, 0, lambda: None, {})
    assert sum(losses[-5:]) < 0.75 * sum(losses[:5])


def test_milestones_are_met_after_so_many_steps(tiny_experiment, training_set):
    steps, met = [], {}
    cfg = config(tiny_experiment, "mse")
    milestones = {n: (lambda n=n: met.update({n: len(steps)})) for n in (1, 3, 4)}
    train_crop_model(
        cfg, build_crop_model(cfg, 0), training_set, 0, lambda: steps.append(0), milestones
    )
    assert met == {1: 1, 3: 3, 4: 4}


def test_a_diverged_training_stops(tiny_experiment, training_set):
    cfg = config(tiny_experiment, "mse")
    model = build_crop_model(cfg, 0)
    with torch.no_grad():
        model.densepose_predictor.u_lowres.bias.fill_(float("nan"))
    with pytest.raises(TrainingDiverged, match="the loss is nan at step 0"):
        train_crop_model(cfg, model, training_set, 0, lambda: None, {})
