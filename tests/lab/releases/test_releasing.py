"""What a checkpoint has to be to be released, and the files that are written of it."""

import pickle

import pytest
import torch
from detectron2.checkpoint import DetectionCheckpointer

from lab.releases.releasing import (
    ReleaseError,
    check_metrics,
    check_pickle,
    check_training,
    check_weights,
    read_checkpoint,
    stored,
)
from tests.model_factory import make_config, make_model
from tests.release_factory import METRICS, TRAINING
from uncertain_densepose.checkpoint import SafeCheckpointer
from uncertain_densepose.model_zoo.weight_files import write_pickled_weights, write_safetensors
from uncertain_densepose.weights_file import AUTHOR, sha256_of

CONFIG = make_config("full")


@pytest.fixture(scope="module")
def model():
    return make_model(CONFIG, seed=1)


@pytest.fixture
def weights(model):
    return {name: values.clone() for name, values in model.state_dict().items()}


def test_weights_and_record_come_out_of_a_training_checkpoint(tmp_path, weights):
    record = TRAINING | {"config": CONFIG.dump()}
    hooks = {"LRScheduler": {"last_epoch": 3}, "TrainRecord": record}
    content = {"model": weights, "trainer": {"iteration": 2, "hooks": hooks}, "iteration": 2}
    torch.save(content, tmp_path / "model_final.pth")
    read, found = read_checkpoint(tmp_path / "model_final.pth")
    assert found == record and read.keys() == weights.keys()


@pytest.mark.parametrize("beside", [{}, {"trainer": {"iteration": 2}}])
def test_a_checkpoint_that_does_not_say_what_made_it_is_refused(tmp_path, weights, beside):
    torch.save({"model": weights, **beside}, tmp_path / "model.pth")
    with pytest.raises(ReleaseError, match=r"model\.pth: does not say what made it"):
        read_checkpoint(tmp_path / "model.pth")


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.pth"):
        read_checkpoint(tmp_path / "none.pth")


def record_of(cfg, **changes):
    return TRAINING | {"config": cfg.dump(), "iterations": cfg.SOLVER.MAX_ITER} | changes


def test_only_what_is_not_of_the_model_may_differ_from_the_training():
    trained = make_config("full", "OUTPUT_DIR", "/elsewhere", "SEED", "7", "VIS_PERIOD", "9")
    check_training("x.pth", CONFIG, record_of(trained))
    for key, value in (
        ("SOLVER.BASE_LR", "0.5"),
        ("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE", "iid_iso"),
        ("DATASETS.TRAIN", "('other',)"),
        ("MODEL.WEIGHTS", "start.pth"),
    ):
        trained = make_config("full", key, value)
        with pytest.raises(ReleaseError, match=rf"x\.pth: was trained .* with {key} .*, not "):
            check_training("x.pth", CONFIG, record_of(trained))


def test_a_key_that_came_after_the_training_may_have_its_default_and_no_other_value():
    trained = CONFIG.clone()
    del trained["BOOTSTRAP_DATASETS"], trained.SOLVER["OPTIMIZER"]
    with pytest.raises(ReleaseError) as refused:
        check_training("x.pth", CONFIG, record_of(trained))
    assert str(refused.value) == (
        "x.pth: was trained with another config, with SOLVER.OPTIMIZER 'SGD', not 'ADAMW'"
    )


def test_a_training_that_has_not_ended_is_refused():
    with pytest.raises(ReleaseError, match=r"x\.pth: stopped at iteration 300 of 900"):
        check_training("x.pth", CONFIG, record_of(CONFIG, iterations=300))


KERNEL, MEAN = (
    "backbone.bottom_up.stem.conv1.weight",
    "backbone.bottom_up.stem.conv1.norm.running_mean",
)


def test_weights_are_those_of_the_model_and_finite(model, weights):
    check_weights("x.pth", weights, model)
    for changed in (
        {name: values for name, values in weights.items() if name != KERNEL},
        weights | {"extra": torch.zeros(1)},
        weights | {KERNEL: weights[KERNEL][1:]},
    ):
        with pytest.raises(ReleaseError, match=r"x\.pth: 1 tensors are not those .*(extra|stem)"):
            check_weights("x.pth", changed, model)
    for value in (float("nan"), float("inf")):
        weights[MEAN][0] = value
        with pytest.raises(ReleaseError, match=rf"x\.pth: {MEAN} has values that are not finite"):
            check_weights("x.pth", weights, model)


def test_half_precision_spares_vectors_and_refuses_what_leaves_its_range(weights):
    weights[MEAN][0] = 1e6
    assert all(stored("x.pth", weights, half=False)[n].equal(v) for n, v in weights.items())
    halved = stored("x.pth", weights, half=True)
    for name, values in weights.items():
        assert halved[name].dtype == (torch.float16 if values.ndim > 1 else values.dtype)
        assert halved[name].equal(values.to(halved[name].dtype))
    weights[KERNEL][0, 0, 0, 0] = 1e6
    with pytest.raises(ReleaseError, match=rf"x\.pth: {KERNEL} leaves the range of half"):
        stored("x.pth", weights, half=True)


@pytest.mark.parametrize("half", [False, True])
def test_both_files_hold_the_weights_under_the_name_of_their_hash(tmp_path, weights, half):
    written = stored("x.pth", weights, half)
    files = write_safetensors(written, tmp_path), write_pickled_weights(written, tmp_path)
    assert [file.suffix for file in files] == [".safetensors", ".pkl"]
    for file, checkpointers in zip(
        files, [(SafeCheckpointer,), (SafeCheckpointer, DetectionCheckpointer)], strict=True
    ):
        assert file.stem == f"model_final_{sha256_of(file)[:6]}"
        for checkpointer in checkpointers:
            fresh = make_model(CONFIG, seed=2)
            checkpointer(fresh).load(str(file))
            for name, values in fresh.state_dict().items():
                assert values.equal(written[name].to(values.dtype)) and values.dtype != torch.half
    again = tmp_path / "again"
    again.mkdir()
    assert write_safetensors(written, again).read_bytes() == files[0].read_bytes()


def test_the_pickle_is_in_detectron2s_form_without_heuristics(tmp_path, weights):
    content = pickle.loads(write_pickled_weights(weights, tmp_path).read_bytes())
    assert content["__author__"] == AUTHOR and content["matching_heuristics"] is False
    assert content["model"].keys() == weights.keys()


def test_a_pickle_of_other_weights_is_found_out(tmp_path, model, weights):
    path = write_pickled_weights(weights, tmp_path)
    check_pickle(path, CONFIG, model)
    with pytest.raises(ReleaseError, match=rf"{path}: .* is not that of the \.safetensors"):
        check_pickle(path, CONFIG, make_model(CONFIG, seed=2))


def changed(task, metric, value):
    return METRICS | {task: METRICS[task] | {metric: value}}


@pytest.mark.parametrize(
    "task, metric, near, far",
    [
        ("bbox", "AP", (60.8, 61.7), (60.7, 61.8, None)),
        ("correspondence_gt_boxes", "within_5cm", (19.6, 20.4), (19.4, 20.6, None)),
        ("likelihood_gt_boxes", "nats_per_point", (-1.25, -1.22), (-1.26, -1.21, None)),
        ("likelihood_gt_boxes", "nats_per_point_full_marginal", (None,), (0.0,)),
    ],
)
def test_metrics_may_differ_by_a_tolerance_for_better_or_worse(task, metric, near, far):
    for value in near:
        check_metrics(METRICS, changed(task, metric, value))
    for value in far:
        with pytest.raises(ReleaseError, match=f"{task}/{metric} is {value} of the released file"):
            check_metrics(METRICS, changed(task, metric, value))
