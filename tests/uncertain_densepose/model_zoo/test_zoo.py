"""Models by name: configs, checkpoints wherever they lie, and what is refused."""

import json
from pathlib import Path

import pytest
import torch
from detectron2.checkpoint import DetectionCheckpointer
from detectron2.utils.file_io import PathManager
from safetensors.torch import save_file

from tests.model_factory import make_config, make_model
from tests.release_factory import METRICS, release_of
from uncertain_densepose import model_zoo
from uncertain_densepose.config import ConfigError
from uncertain_densepose.model_zoo import ModelZoo
from uncertain_densepose.weights_file import WeightsError

SHIPPED = "synth/unc_full_small"


def test_names_are_those_of_configs_that_are_no_base(zoo):
    assert zoo.names() == ["synth/narrow", "wide"]
    assert {"unc_full", "synth/unc_full", "synth/unc_full_small"} <= set(model_zoo.names())
    assert not any("Base" in name or "experiments" in name for name in model_zoo.names())


@pytest.mark.parametrize("name", model_zoo.names())
def test_every_model_has_a_config_that_names_its_test_set(name):
    cfg = model_zoo.get_config(name)
    assert cfg.MODEL.META_ARCHITECTURE == "GeneralizedRCNN"
    assert len(cfg.DATASETS.TEST) == 1


@pytest.mark.parametrize("name", ["synth/narrow", "synth/narrow.yaml"])
def test_a_config_is_found_by_its_name(zoo, name):
    assert zoo.get_config_file(name) == str(zoo.folder / "configs" / "synth" / "narrow.yaml")
    assert zoo.get_config(name).OUTPUT_DIR == "./output/synth/narrow"


@pytest.mark.parametrize("name", ["narow", "synth/Base-Synth", "experiments/cells", "../wide", ""])
def test_an_unknown_name_is_refused(zoo, name):
    for ask in (zoo.get_config_file, zoo.get_config, zoo.get_checkpoint, zoo.get):
        with pytest.raises(ConfigError, match=f"{name!r}: no such model in the zoo"):
            ask(name)


def test_a_name_that_is_nearly_right_is_put_right(zoo):
    with pytest.raises(ConfigError, match=r"did you mean synth/narrow\?"):
        zoo.get_config_file("synth/narow")


def test_a_model_that_is_not_released_says_how_it_is_trained(zoo):
    with pytest.raises(WeightsError, match=r"wide: .*tools/train_net\.py .*configs/wide\.yaml"):
        zoo.get_checkpoint("wide")


def test_a_file_without_address_lies_in_the_zoo(zoo, file):
    zoo.add("wide", release_of(file), file.parent)
    file.unlink()
    path = zoo.checkpoints / file.name
    assert zoo.get_checkpoint("wide") == str(path)
    assert zoo.get_config("wide", trained=True).MODEL.WEIGHTS == str(path)
    path.unlink()
    with pytest.raises(WeightsError, match="the checkpoint of wide is missing"):
        zoo.get_checkpoint("wide")


def test_a_file_with_an_address_is_fetched_there_or_taken_from_a_folder(zoo, file, monkeypatch):
    zoo.add("wide", release_of(file, "https://example.org/zoo"), file.parent)
    assert not zoo.checkpoints.exists()
    asked = []

    def fetch(address):
        asked.append(address)
        return str(file)

    monkeypatch.setattr(PathManager, "get_local_path", fetch)
    assert zoo.get_checkpoint("wide") == str(file)
    assert asked == [f"https://example.org/zoo/{file.name}"]
    assert zoo.get_checkpoint("wide", root=file.parent) == str(file)
    assert len(asked) == 1

    def fail(address):
        raise OSError("no route to host")

    monkeypatch.setattr(PathManager, "get_local_path", fail)
    with pytest.raises(WeightsError, match=r"cannot be downloaded \(no route to host\).*`root`"):
        zoo.get_checkpoint("wide")


def test_a_file_that_is_not_what_was_released_is_refused_every_time(zoo, file):
    zoo.add("wide", release_of(file), file.parent)
    path = zoo.checkpoints / file.name
    zoo.get_checkpoint("wide")
    path.write_bytes(b"other weights")
    for _ in range(2):
        with pytest.raises(WeightsError, match=f"{path}: its SHA-256 is .* get it again"):
            zoo.get_checkpoint("wide")


def test_a_release_replaces_the_one_before_and_its_file(zoo, file):
    zoo.add("wide", release_of(file), file.parent)
    zoo.add("synth/narrow", release_of(file, "https://example.org"), file.parent)
    later = file.with_name("model_final_123456.safetensors")
    later.write_bytes(b"better weights")
    zoo.add("wide", release_of(later), later.parent)
    assert [path.name for path in zoo.checkpoints.iterdir()] == [later.name]
    assert list(json.loads(zoo.index.read_text())) == ["synth/narrow", "wide"]
    assert ModelZoo(zoo.folder).releases()["wide"] == release_of(later)
    assert zoo.releases()["wide"].metrics == METRICS


def test_the_model_is_that_of_the_config_with_the_released_weights(zoo, file):
    cfg = make_config("full")
    (zoo.configs / "wide.yaml").write_text(cfg.dump())
    weights = make_model(cfg, seed=3).state_dict()
    save_file(weights, file)
    named = file.rename(file.with_name(f"model_final_{release_of(file).sha256[:6]}.safetensors"))
    zoo.add("wide", release_of(named), named.parent)
    model = zoo.get("wide", device="cpu")
    assert model.training
    for name, values in model.state_dict().items():
        assert torch.equal(values, weights[name])
    fresh = zoo.get("wide", trained=False, device="cpu").state_dict()
    assert not torch.equal(fresh["proposal_generator.rpn_head.conv.weight"],
                           weights["proposal_generator.rpn_head.conv.weight"])  # fmt: skip


@pytest.mark.parametrize("name", model_zoo.BUILTIN.releases())
def test_what_ships_is_what_was_released_and_small(name):
    release = model_zoo.BUILTIN.releases()[name]
    if not release.address:
        path = model_zoo.BUILTIN.checkpoints / release.file
        assert model_zoo.get_checkpoint(name) == str(path)
        assert path.stat().st_size <= 12_000_000


def test_a_released_model_is_written_for_detectron2(tmp_path):
    """Of the package's own model, whose hash in this form is in the index too."""
    path = model_zoo.write_pickle(SHIPPED, tmp_path)
    assert Path(path).name == model_zoo.BUILTIN.releases()[SHIPPED].pickle_file
    model = model_zoo.get(SHIPPED, device="cpu")
    again = model_zoo.get(SHIPPED, trained=False, device="cpu")
    DetectionCheckpointer(again).load(path)
    weights = again.state_dict()
    assert all(torch.equal(weights[name], v) for name, v in model.state_dict().items())
