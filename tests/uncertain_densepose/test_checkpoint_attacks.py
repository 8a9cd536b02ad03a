"""No route leads from a file of weights to unpickling, nor to more memory than it has bytes."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from detectron2.utils.file_io import PathManager
from safetensors.torch import save_file
from torch import nn

from uncertain_densepose import weights_file
from uncertain_densepose.checkpoint import SafeCheckpointer
from uncertain_densepose.model_zoo import BUILTIN
from uncertain_densepose.released_files import released_hashes
from uncertain_densepose.weights_file import (
    AUTHOR,
    READERS,
    TORCH_SUFFIXES,
    WeightsError,
    sha256_of,
)

WEIGHTS = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}
ARRAYS = {name: values.numpy() for name, values in WEIGHTS.items()}


class Attack:
    def __init__(self, trap: Path):
        self.command = f"touch {trap}"

    def __reduce__(self):
        return os.system, (self.command,)


def loaded(path) -> dict[str, torch.Tensor]:
    model = nn.Linear(3, 2)
    SafeCheckpointer(model).load(str(path))
    return model.state_dict()


def refused(path) -> str:
    with pytest.raises(WeightsError) as caught:
        loaded(path)
    message = str(caught.value)
    assert message.startswith(str(path).partition("?")[0]) and "\n" not in message
    return message


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    "name",
    [".pkl", ".PKL", ".pyth", ".Pkl", "x.PKL", "x.pkl", "a.b.pkl", "x.pth", "x", ".pth", "x.bin"],
)
def test_a_pickle_under_any_name_is_not_run(tmp_path, name, protocol):
    trap = tmp_path / "trap"
    path = tmp_path / name
    content = {"model": ARRAYS, "model_state": ARRAYS, "__author__": Attack(trap)}
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    refused(path)
    assert not trap.exists()


@pytest.mark.parametrize("name", [".pkl", ".PKL", "x.PKL", "x.pkl", "a.b.pkl"])
def test_a_harmless_pickle_under_such_a_name_is_read(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps({"model": ARRAYS, "__author__": "x"}))
    assert torch.equal(loaded(path)["weight"], WEIGHTS["weight"])


@pytest.mark.parametrize("name", ["model", "x.pth", "X.PTH", "x.pt", "x.bin", "x.pth.tar"])
def test_checkpoints_of_torch_are_read_under_their_usual_names(tmp_path, name):
    torch.save({"model": WEIGHTS}, tmp_path / name)
    assert torch.equal(loaded(tmp_path / name)["weight"], WEIGHTS["weight"])


@pytest.mark.parametrize("name", ["x.txt", "x.npz", "x.json", "x.pkl2", "x.joblib", "x."])
def test_another_suffix_is_one_line(tmp_path, name):
    torch.save({"model": WEIGHTS}, tmp_path / name)
    assert "weights are read by their suffix, which is one of" in refused(tmp_path / name)


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a/R-50.pkl?x=1", "detectron2://ImageNetPretrained/MSRA/R-50.pkl"],
)
def test_addresses_are_read_by_the_suffix_of_the_file(tmp_path, monkeypatch, address):
    trap = tmp_path / "trap"
    fetched = tmp_path / "R-50.pkl"
    asked = []

    def fetch(path, *_, **__):
        asked.append(path)
        return str(fetched)

    monkeypatch.setattr(PathManager, "get_local_path", fetch)
    fetched.write_bytes(pickle.dumps({"model": ARRAYS, "__author__": "x"}))
    assert torch.equal(loaded(address)["weight"], WEIGHTS["weight"])
    assert asked[0] == address.partition("?")[0]
    fetched.write_bytes(pickle.dumps({"model": ARRAYS, "__author__": Attack(trap)}))
    with pytest.raises(WeightsError, match="nothing of it was run"):
        loaded(address)
    assert not trap.exists()


def test_a_question_that_is_not_known_is_one_line(tmp_path):
    torch.save(WEIGHTS, tmp_path / "a.pth")
    assert "nothing is known of '?colour='" in refused(f"{tmp_path / 'a.pth'}?colour=red")


def test_every_suffix_has_one_reader():
    assert not set(READERS) & set(TORCH_SUFFIXES)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "holds a list"),
        (torch.zeros(3), "holds a Tensor"),
        ({"model": [1]}, "its weights are a list"),
        ({"model": None}, "its weights are a NoneType"),
        ({"model": {"weight": "x"}}, "'weight' is a str, not a tensor"),
        ({"model": {"weight": {"a": 1}}}, "'weight' is a dict, not a tensor"),
        ({"model": {"weight": torch.zeros(2, 3).to_sparse()}}, "'weight' is not a plain tensor"),
        ({"model": {"weight": torch.zeros(1).expand(10**9, 10**3)}}, "claims the shape"),
        ({"weight": torch.zeros(2, 3, device="meta")}, "'weight' is not a plain tensor"),
    ],
)
def test_weights_that_are_none_are_one_line(tmp_path, content, said):
    torch.save(content, tmp_path / "a.pth")
    assert said in refused(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"model": 3, "__author__": "x"}, "its weights are a int"),
        ({"model": {"weight": "x"}, "__author__": "x"}, "'weight' is a str"),
        ({"blobs": 3}, "no weights by name"),
        ({1: ARRAYS["weight"]}, "no weights by name"),
    ],
)
def test_pickles_without_weights_are_one_line(tmp_path, content, said):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content))
    assert said in refused(tmp_path / "a.pkl")


def packed(path: Path, method: int, extra: int = 0) -> Path:
    """A checkpoint of torch whose archive is packed again, with zeros in its storage."""
    buffer = io.BytesIO()
    torch.save({"model": WEIGHTS}, buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w", method) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member) + bytes(extra), compress_type=method)
    return path


def test_a_packed_checkpoint_is_refused_before_it_is_unpacked(tmp_path):
    path = packed(tmp_path / "a.pth", zipfile.ZIP_DEFLATED, 10_000_000)
    assert path.stat().st_size < 10**6
    assert "it is packed, which torch never does" in refused(path)
    assert torch.equal(
        loaded(packed(tmp_path / "b.pth", zipfile.ZIP_STORED))["bias"], WEIGHTS["bias"]
    )


@pytest.mark.parametrize("length", [2**63, 2**40, 17 * 2**20, 100])
def test_a_header_of_safetensors_that_claims_too_much_is_refused(tmp_path, length):
    path = tmp_path / "a.safetensors"
    path.write_bytes(length.to_bytes(8, "little") + b"{}" + b" " * 50)
    assert f"header claims {length} bytes" in refused(path)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1], "data_offsets": [0, 2**60]},
    ],
)
def test_a_tensor_of_safetensors_that_claims_too_much_is_refused(tmp_path, entry):
    """By the library itself."""
    header = json.dumps({"weight": entry}).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    assert "not a complete safetensors file" in refused(path)


def test_a_forged_release_is_refused_though_its_name_fits(tmp_path, monkeypatch):
    """A file of other weights under a released name, six digits of whose hash agree."""
    (release,) = BUILTIN.releases().values()
    for name, expected in ((release.file, release.sha256), (release.pickle_file, None)):
        path = tmp_path / name
        if name.endswith("pkl"):
            expected = release.pickle_sha256
            path.write_bytes(pickle.dumps({"model": ARRAYS, "__author__": "Somebody"}))
        else:
            save_file(WEIGHTS, path)
        digits = name.removesuffix(path.suffix).rpartition("_")[2]
        real = sha256_of(path)
        monkeypatch.setattr(weights_file, "sha256_of", lambda _, d=digits, r=real: d + r[6:])
        assert f"that of the released file is {expected}" in refused(path)


def test_the_released_files_are_known_by_their_whole_hashes():
    known = released_hashes()
    for release in BUILTIN.releases().values():
        assert known[release.file] == release.sha256 and len(release.sha256) == 64
        assert known[release.pickle_file] == release.pickle_sha256
        assert sha256_of(BUILTIN.checkpoints / release.file) == release.sha256


def test_a_release_of_another_zoo_is_still_compared_with_its_name(tmp_path):
    path = tmp_path / "model_final_000000.pkl"
    path.write_bytes(pickle.dumps({"model": ARRAYS, "__author__": AUTHOR}))
    assert "its SHA-256 begins with" in refused(path)


def test_arrays_of_a_pickle_hold_what_they_claim(tmp_path):
    """By the restricted reader."""
    shown = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (4, 4), (0, 0))
    path = tmp_path / "a.pkl"
    content = pickle.dumps({"model": {"weight": shown}, "__author__": "x"})
    assert len(content) > 64  # NumPy writes them out.
    path.write_bytes(content.replace(b"K\x04K\x04", b"K\xffK\xff"))
    assert "no whole pickle of arrays" in refused(path)
