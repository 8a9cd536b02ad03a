"""tools/fit_shared_variance.py on untrained models and four images with a person each."""

import json

import numpy as np
import pytest
import torch
from detectron2.data import DatasetCatalog, build_detection_test_loader
from detectron2.evaluation import inference_on_dataset

from tests.model_factory import make_config, make_model
from tests.people_on_disk import registered, write_untrained
from tests.uncertain_densepose.evaluation.scene import (
    LEFT,
    NUM_POINTS,
    RIGHT,
    coco,
    labelled,
    write,
)
from uncertain_densepose import model_zoo
from uncertain_densepose.config import load_config
from uncertain_densepose.data import DensePoseDatasetMapper
from uncertain_densepose.engine import Trainer
from uncertain_densepose.evaluation import GroundTruthBoxEvaluator, GroundTruthBoxModel

NAME = "shared_variance_test_people"


@pytest.fixture
def people():
    rng = np.random.default_rng(0)
    return [labelled(key, key, [10 * key, 20, 60, 80], rng) for key in (1, 2, 3, 4)]


@pytest.fixture
def dataset(tmp_path, people):
    """Four images with a person each, and the name under which they are registered."""
    with registered(NAME, tmp_path, people, num_images=4) as name:
        yield name


@pytest.fixture
def files(tmp_path):
    """A function that writes config and weights of an untrained model, as tool arguments."""
    return lambda noise_model: write_untrained(tmp_path, noise_model, NAME)


def evaluated(out, surface, records):
    """Likelihood of a written checkpoint and config in annotated boxes of some images."""
    cfg = load_config(str(out / "config.yaml"))
    model = Trainer.build_model(cfg)
    Trainer.load_weights(cfg, model)
    mapper = DensePoseDatasetMapper(cfg, is_train=False)
    loader = build_detection_test_loader(records, mapper=mapper, num_workers=0)
    told = GroundTruthBoxModel.for_dataset(model, NAME)
    evaluator = GroundTruthBoxEvaluator(NAME, surface=surface)
    return inference_on_dataset(told, loader, evaluator)["likelihood_gt_boxes"]


@pytest.mark.parametrize("parent", ["iid_iso", "indep_aniso"])
def test_the_checkpoint_is_worth_what_the_tool_says(
    dataset, files, tool, tmp_path, capsys, flat_distance, parent
):
    out = tmp_path / "made" / "here"
    tool.main([*files(parent), "--out", str(out)])
    result = json.loads((out / "shared_variance.json").read_text())
    assert result["weights"] == "model.pth" and result["dataset"] == NAME
    assert result["num_images"] == {"fit": 2, "comparison": 2}
    assert result["num_points"] == {"fit": 2 * NUM_POINTS, "comparison": 2 * NUM_POINTS}
    assert result["part_shared_variance_uv"] == {}
    nats, said = result["nats_per_point"], capsys.readouterr().out
    assert f"{nats['independent']:.3f} nats per point without" in said
    assert f"{nats['with_shared_variance']:.3f} with it" in said and str(out) in said
    # A network that says 0.5 everywhere is off by what it does not know, the same for a part.
    assert result["shared_variance_uv"] > 0.01
    assert nats["with_shared_variance"] > nats["independent"]

    found = evaluated(out, flat_distance, DatasetCatalog.get(NAME)[1::2])
    assert found["nats_per_point"] == pytest.approx(nats["with_shared_variance"], abs=1e-3)
    # Read without its shared error it is the parent, with a direction of almost nothing.
    assert found["nats_per_point_indep_aniso"] == pytest.approx(nats["independent"], abs=1e-3)


def test_the_checkpoint_loads_into_the_full_model_with_nothing_left_over(
    dataset, files, tool, tmp_path
):
    arguments = files("indep_aniso")
    tool.main([*arguments, "--out", str(tmp_path / "out")])
    weights = torch.load(tmp_path / "out" / "model_final.pth")["model"]
    make_model(make_config("full")).load_state_dict(weights, strict=True)
    parent = torch.load(tmp_path / "model.pth")["model"]
    assert all(torch.equal(weights[name], value) for name, value in parent.items())
    cfg = load_config(str(tmp_path / "out" / "config.yaml"))
    assert cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE == "full"
    assert cfg.OUTPUT_DIR == str(tmp_path / "out")
    # The tool ran on a device; the config keeps the one that it had.
    before = load_config(str(tmp_path / "model.yaml"))
    assert cfg.MODEL.DEVICE == before.MODEL.DEVICE


def test_a_released_model_is_given_by_its_name(dataset, files, tool, tmp_path, monkeypatch):
    _, config, _, weights, *device = files("iid_iso")
    monkeypatch.setattr(model_zoo, "get_config_file", lambda name: config)
    monkeypatch.setattr(model_zoo, "get_checkpoint", lambda name: weights)
    tool.main(["--model", "synth/any", *device, "--out", str(tmp_path / "out")])
    assert (tmp_path / "out" / "model_final.pth").exists()


def test_parts_get_values_of_their_own(dataset, files, tool, tmp_path, capsys, monkeypatch):
    from uncertain_densepose.evaluation import shared_variance_fit

    monkeypatch.setattr(shared_variance_fit, "MIN_GROUPS_PER_PART", 2)
    tool.main([*files("iid_iso"), "--per-part", "--out", str(tmp_path / "out")])
    result = json.loads((tmp_path / "out" / "shared_variance.json").read_text())
    own = result["part_shared_variance_uv"]
    assert set(own) == {str(LEFT), str(RIGHT)}
    said = capsys.readouterr().out
    assert "torso" in said.lower()
    bias = torch.load(tmp_path / "out" / "model_final.pth")["model"][
        "roi_heads.densepose_predictor.shared_variance.bias"
    ]
    variance = torch.nn.functional.softplus(bias.double())
    common = result["shared_variance_uv"]
    expected = [own.get(str(part), common) for part in range(25)]
    assert variance.tolist() == pytest.approx(expected, rel=1e-5)


def test_a_part_of_the_images_and_parts_that_are_too_rare(dataset, files, tool, tmp_path, capsys):
    out = "--out", str(tmp_path / "out")
    tool.main([*files("iid_iso"), "--images", "2", "--per-part", *out])
    assert "all take the common value" in capsys.readouterr().out
    result = json.loads((tmp_path / "out" / "shared_variance.json").read_text())
    assert result["num_images"] == {"fit": 1, "comparison": 1}
    assert result["part_shared_variance_uv"] == {}


def test_what_the_tool_refuses(refused, dataset, files, tmp_path):
    out = "--out", tmp_path / "out"
    for noise_model, complaint in (("mse", "no variance"), ("full", "a shared error already")):
        said = refused(*files(noise_model), *out)
        assert complaint in said and "model.pth" in said
    model = files("iid_iso")
    assert "nobody" in refused(*model, *out, "--dataset", "nobody")
    assert "is a file" in refused(*model, "--out", tmp_path / "model.yaml")
    assert "at least 2, not 1" in refused(*model, *out, "--images", "1")
    (tmp_path / "model.pth").rename(tmp_path / "model_final.pth")
    moved = [*model, "--weights", tmp_path / "model_final.pth"]
    assert "would be overwritten" in refused(*moved, "--out", tmp_path)
    assert "model.pth" in refused(*model, *out)
    (tmp_path / "model.yaml").unlink()
    assert "no such config file" in refused(*moved, *out)
    assert not (tmp_path / "out").exists()


def test_points_are_needed_in_both_halves(refused, dataset, files, tmp_path, people):
    for person in people[1::2]:
        person.update(dp_x=[400.0] * NUM_POINTS)
    write(tmp_path / "val.json", coco(people, num_images=4))
    said = refused(*files("iid_iso"), "--out", tmp_path / "out")
    assert "none of 2 images has an annotated point in a box" in said
