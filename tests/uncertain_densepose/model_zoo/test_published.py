"""Models of DensePose's authors by name, fetched from a server of this machine."""

import pickle
import re

import pytest
import torch

from tests.published_models import (
    AP,
    NAME,
    published_config,
    served,
    write_named,
    write_zoo,
)
from uncertain_densepose import model_zoo
from uncertain_densepose.weights_file import WeightsError


def test_a_published_model_is_downloaded_once_and_has_the_published_weights(published, own_cache):
    zoo, file, model, server = published
    cached = own_cache / "densepose/wc2/173861455" / file.name
    assert zoo.published()[NAME].cached == cached and not cached.exists()
    for _ in range(2):
        assert zoo.get_checkpoint(NAME) == str(cached)
    assert server.asked == [f"/densepose/wc2/173861455/{file.name}"]
    assert cached.read_bytes() == file.read_bytes()
    loaded = zoo.get(NAME, device="cpu").state_dict()
    assert all(torch.equal(loaded[name], values) for name, values in model.state_dict().items())
    assert zoo.get_config(NAME, trained=True).MODEL.WEIGHTS == str(cached)


def test_the_index_keeps_what_the_authors_say(published):
    zoo, file, *_ = published
    one = zoo.published()[NAME]
    assert {task: metric["AP"] for task, metric in one.metrics.items()} == AP
    assert (one.file, one.licence, one.model_id) == (file.name, "CC BY-SA 3.0", "173861455")


def test_a_file_that_is_there_already_is_taken_from_a_folder(published, tmp_path):
    zoo, file, _, server = published
    assert zoo.get_checkpoint(NAME, root=file.parent) == str(file)
    with pytest.raises(WeightsError, match=f"no such file; get it from {server.address}"):
        zoo.get_checkpoint(NAME, root=tmp_path)
    assert server.asked == []


def test_the_file_is_handed_on_as_it_is(published, tmp_path):
    zoo, file, *_ = published
    written = zoo.write_pickle(NAME, tmp_path)
    assert written == str(tmp_path / file.name)
    assert (tmp_path / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("damage", [lambda whole: whole[:-100], lambda whole: whole + b"."])
def test_a_damaged_file_in_the_cache_is_named_with_what_to_do(published, own_cache, damage):
    zoo, file, *_ = published
    cached = zoo.published()[NAME].cached
    cached.parent.mkdir(parents=True)
    cached.write_bytes(damage(file.read_bytes()))
    with pytest.raises(WeightsError, match="delete it and get it again") as error:
        zoo.get_checkpoint(NAME)
    assert str(error.value).startswith(f"{cached}: its SHA-256 begins with")
    assert file.stem[-6:] in str(error.value) and "\n" not in str(error.value)
    cached.unlink()
    assert zoo.get_checkpoint(NAME) == str(cached)


def test_a_file_of_another_hash_is_refused(published):
    zoo, file, *_ = published
    file.write_bytes(b"another file of the same name")
    for _ in range(2):
        with pytest.raises(WeightsError, match=f"not with the {file.stem[-6:]} of its name"):
            zoo.get_checkpoint(NAME)


def test_a_download_that_breaks_off_leaves_nothing_behind(tmp_path, own_cache):
    file = write_named(tmp_path / "web", b"half of a file")
    with served(tmp_path / "web", promised=1000) as server:
        zoo = write_zoo(tmp_path / "zoo", published_config(), server.address, file)
        with pytest.raises(WeightsError, match="cannot be downloaded"):
            zoo.get_checkpoint(NAME)
    assert not [path for path in own_cache.rglob("model_final*") if path.suffix != ".lock"]


@pytest.mark.parametrize("why", ["offline", "gone"])
def test_what_cannot_be_downloaded_is_told_where_to_put(published, own_cache, why):
    zoo, file, _, server = published
    one = zoo.published()[NAME]
    if why == "offline":
        server.shutdown()
        server.server_close()
    else:
        file.unlink()
    with pytest.raises(WeightsError, match="cannot be downloaded") as error:
        zoo.get_checkpoint(NAME)
    said = str(error.value)
    assert said.startswith(one.address) and str(one.cached) in said and "\n" not in said
    assert "Predictor(config, weights)" in said and "--weights" in said


def test_a_published_file_is_never_run(tmp_path, own_cache):
    """Its six digits are right: another file that begins with them is found in two minutes."""
    trap = tmp_path / "trap"
    attack = b"cposix\nsystem\n(S'touch " + str(trap).encode() + b"'\ntR."
    file = write_named(tmp_path / "web", attack)
    with served(tmp_path / "web") as server:
        zoo = write_zoo(tmp_path / "zoo", published_config(), server.address, file)
        with pytest.raises(WeightsError, match="refused, and nothing of it was run"):
            zoo.get(NAME, device="cpu")
    assert not trap.exists()


def test_weights_of_another_model_are_refused(tmp_path, own_cache):
    content = {"model": {}, "__author__": "Third Party"}
    file = write_named(tmp_path / "web", pickle.dumps(content))
    with served(tmp_path / "web") as server:
        zoo = write_zoo(tmp_path / "zoo", published_config(), server.address, file)
        with pytest.raises(WeightsError, match="give the weights of a whole model"):
            zoo.get(NAME, device="cpu")


@pytest.mark.parametrize("name, one", model_zoo.BUILTIN.published().items())
def test_every_row_of_the_index_has_a_config_and_the_digits_of_its_file(name, one):
    assert name in model_zoo.names() and name not in model_zoo.BUILTIN.releases()
    folder, number, file = one.address.split("/")[-3:]
    assert folder == f"densepose_rcnn_{name.removeprefix('densepose/')}"
    assert number == one.model_id
    assert re.fullmatch(r"model_final_([0-9a-f]{6})\.pkl", file)[1] == one.sha256_begins
    assert set(one.metrics) == set(AP)


def test_all_configs_of_densepose_are_published():
    own = {name for name in model_zoo.names() if name.startswith("densepose/")}
    assert own == set(model_zoo.BUILTIN.published()) and len(own) == 22
