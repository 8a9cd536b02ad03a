"""Checkpoints: every form is read, and what a file asks to run is not."""

import os
import pickle

import numpy as np
import pytest
import torch
from detectron2.checkpoint import DetectionCheckpointer
from safetensors.torch import save_file
from torch import nn

from uncertain_densepose.checkpoint import SafeCheckpointer
from uncertain_densepose.weights_file import AUTHOR, WeightsError, sha256_of


class Model(nn.Module):
    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.conv = nn.Conv2d(3, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        nn.init.normal_(self.norm.running_mean)


WEIGHTS = {name: values.clone() for name, values in Model(1).state_dict().items()}
ARRAYS = {name: values.numpy() for name, values in WEIGHTS.items()}


def written(path, content):
    """A checkpoint of torch."""
    torch.save(content, path)
    return path


def pickled(path, content):
    path.write_bytes(pickle.dumps(content))
    return path


def write_safetensors(path, weights):
    save_file(weights, path)
    return path


def named_by_hash(path, digits=6):
    return path.rename(path.with_stem(f"{path.stem}_{sha256_of(path)[:digits]}"))


def loaded(path, checkpointer=SafeCheckpointer, within=""):
    """The weights of a fresh model after a file was loaded into it, or into what it is within."""
    model = Model()
    checkpointer(nn.ModuleDict({within: model}) if within else model).load(str(path))
    return model.state_dict()


def assert_same(found, expected=WEIGHTS):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert torch.equal(found[name], values) and found[name].dtype == values.dtype


def test_every_form_is_read(tmp_path):
    zoo = {"model": ARRAYS, "__author__": "somebody"}
    for path in (
        written(tmp_path / "a.pth", {"model": WEIGHTS, "iteration": 3, "optimizer": {"lr": 0.1}}),
        written(tmp_path / "plain.pth", WEIGHTS),
        pickled(tmp_path / "zoo.pkl", zoo),
        write_safetensors(tmp_path / "a.safetensors", WEIGHTS),
    ):
        assert_same(loaded(path))


@pytest.mark.parametrize("order", ["<", ">"])
def test_arrays_of_either_byte_order_are_read(tmp_path, order):
    arrays = {
        name: values.astype(values.dtype.newbyteorder(order)) for name, values in ARRAYS.items()
    }
    assert_same(loaded(pickled(tmp_path / "a.pkl", {"model": arrays, "__author__": "x"})))


def test_weights_of_detectron_and_pycls_are_matched_by_name_as_detectron2_does(tmp_path):
    """The ends of names agree; momenta and counts of batches are left out."""
    caffe = {"blobs": {**ARRAYS, "conv.weight_momentum": 0 * ARRAYS["conv.weight"]}}
    for path in (
        pickled(tmp_path / "a.pkl", caffe),
        pickled(tmp_path / "b.pkl", ARRAYS),
        written(tmp_path / "a.pyth", {"model_state": WEIGHTS, "epoch": 1}),
        f"{written(tmp_path / 'a.pth', WEIGHTS)}?matching_heuristics=True",
    ):
        found = loaded(path, within="backbone")
        assert_same(found, loaded(path, DetectionCheckpointer, within="backbone"))
        assert torch.equal(found["conv.weight"], WEIGHTS["conv.weight"])
    found = loaded(tmp_path / "a.pth", within="backbone")
    assert not torch.equal(found["conv.weight"], WEIGHTS["conv.weight"])


def test_what_is_beside_the_weights_comes_back(tmp_path):
    path = written(tmp_path / "a.pth", {"model": WEIGHTS, "iteration": 3})
    assert SafeCheckpointer(Model()).load(str(path))["iteration"] == 3


def test_half_precision_is_read_into_the_models_own(tmp_path):
    half = {n: v.half() if v.is_floating_point() else v for n, v in WEIGHTS.items()}
    expected = {name: values.to(WEIGHTS[name].dtype) for name, values in half.items()}
    arrays = {name: values.numpy() for name, values in half.items()}
    released = {"model": arrays, "__author__": AUTHOR, "matching_heuristics": False}
    for path in (
        write_safetensors(tmp_path / "a.safetensors", half),
        pickled(tmp_path / "a.pkl", released),
    ):
        assert_same(loaded(path), expected)
    assert_same(loaded(tmp_path / "a.pkl", DetectionCheckpointer), expected)


@pytest.mark.parametrize("digits", [6, 64])
def test_a_released_file_is_compared_with_the_hash_in_its_name(tmp_path, digits):
    released = {"model": ARRAYS, "__author__": AUTHOR}
    for make, ending, content in (
        (write_safetensors, "safetensors", WEIGHTS),
        (pickled, "pkl", released),
    ):
        path = named_by_hash(make(tmp_path / f"model_final.{ending}", content), digits)
        assert_same(loaded(path))
        wrong = path.rename(path.with_name(f"model_final_{digits * '0'}.{ending}"))
        with pytest.raises(WeightsError, match=rf"{wrong}: its SHA-256 begins with .*get it again"):
            loaded(wrong)


def test_digits_in_the_names_of_others_are_their_own_affair(tmp_path):
    zoo = {"model": ARRAYS, "__author__": "Detectron2"}
    assert_same(loaded(pickled(tmp_path / "model_final_162be9.pkl", zoo)))
    assert_same(loaded(write_safetensors(tmp_path / "model_0019999.safetensors", WEIGHTS)))


class Attack:
    """Pickles as a shell command."""

    def __init__(self, trap):
        self.command = f"touch {trap}"

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("ending", ["pth", "pkl", "pyth", "bin"])
@pytest.mark.parametrize("make", [written, pickled], ids=["torch", "pickle"])
def test_what_a_file_asks_to_run_is_not_run(tmp_path, ending, make):
    trap = tmp_path / "trap"
    weights = WEIGHTS if make is written else ARRAYS
    content = {"model": weights, "model_state": weights, "extra": [Attack(trap)]}
    path = make(tmp_path / f"model_final.{ending}", content)
    with pytest.raises(WeightsError) as caught:
        loaded(path)
    assert str(caught.value).startswith(f"{path}: ")
    if (ending == "pkl") == (make is pickled):
        assert f"{os.system.__module__}.system" in str(caught.value)
        assert "nothing of it was run" in str(caught.value)
    assert not trap.exists()


def test_the_attack_above_is_an_attack(tmp_path):
    path = pickled(tmp_path / "a.pkl", {"model": ARRAYS, "__author__": Attack(tmp_path / "trap")})
    loaded(path, DetectionCheckpointer)
    assert (tmp_path / "trap").exists()


def test_damaged_files_are_named(tmp_path):
    for path in (
        written(tmp_path / "a.pth", {"model": WEIGHTS}),
        pickled(tmp_path / "a.pkl", {"model": ARRAYS, "__author__": "x"}),
        write_safetensors(tmp_path / "a.safetensors", WEIGHTS),
    ):
        content = path.read_bytes()
        for damaged in (content[:-200], content[:30], b"<html>not found</html>", b""):
            path.write_bytes(damaged)
            with pytest.raises(WeightsError, match=f"{path}: this is (not a complete|no whole) "):
                loaded(path)


def test_a_file_of_something_else_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"a\.pkl: not a checkpoint, it holds a ndarray"):
        loaded(pickled(tmp_path / "a.pkl", np.zeros(3)))
    with pytest.raises(WeightsError, match=r"a\.pyth: no 'model_state'"):
        loaded(written(tmp_path / "a.pyth", {"model": WEIGHTS}))
