"""A recalibration fitted to a real, untrained model, by a call and by tools/recalibrate.py."""

import json

import numpy as np
import pytest
import torch
from detectron2.evaluation import inference_on_dataset

from tests.model_factory import make_config, make_model
from tests.people_on_disk import refused, registered, write_untrained
from tests.tool_loader import load_tool
from tests.uncertain_densepose.evaluation.scene import HEIGHT, WIDTH, labelled
from uncertain_densepose.evaluation import (
    GroundTruthBoxEvaluator,
    GroundTruthBoxModel,
    Recalibration,
)
from uncertain_densepose.evaluation.recalibration import fit_recalibration

NAME = "recalibration_test_people"


@pytest.fixture
def dataset(tmp_path):
    """Two images with a person each, and the name under which they are registered."""
    rng = np.random.default_rng(0)
    boxes = {1: [10, 20, 40, 60], 2: [60, 30, 60, 80]}
    annotations = [labelled(key, key, box, rng) for key, box in boxes.items()]
    with registered(NAME, tmp_path, annotations, num_images=2) as name:
        yield name


@pytest.fixture
def loader():
    generator = torch.Generator().manual_seed(0)
    image = {"height": HEIGHT, "width": WIDTH}
    return [
        [image | {"image_id": key, "image": 255 * torch.rand(3, 96, 128, generator=generator)}]
        for key in (1, 2)
    ]


@pytest.fixture
def files(tmp_path):
    """A function that writes config and weights of an untrained model, as tool arguments."""
    return lambda noise_model: write_untrained(tmp_path, noise_model, NAME)


@pytest.fixture(scope="module")
def tool():
    return load_tool("recalibrate")


def test_after_the_fit_the_mean_squared_distance_is_right(dataset, loader, flat_distance):
    model = make_model(make_config("full"))
    recalibration = fit_recalibration(model, loader, dataset)
    assert recalibration.origin["num_points"] == 24
    evaluator = GroundTruthBoxEvaluator(dataset, surface=flat_distance, recalibration=recalibration)
    told = GroundTruthBoxModel.for_dataset(model, dataset)
    results = inference_on_dataset(told, loader, evaluator)["calibration_gt_boxes"]
    assert results["variance_scale"] == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("extra", [[], ["--per-part"]])
def test_the_tool_writes_a_file_beside_the_weights(dataset, files, tool, tmp_path, capsys, extra):
    tool.main([*files("full"), *extra])
    path = tmp_path / "model.recalibration.json"
    recalibration = Recalibration.load(path)
    origin = json.loads(path.read_text())["origin"]
    assert origin == {"weights": "model.pth", "dataset": NAME, "num_images": 2, "num_points": 24}
    # No part has a hundred points.
    assert recalibration.part_variance_scale == {}
    said = capsys.readouterr().out
    assert f"variance times {recalibration.variance_scale:.3f}" in said and str(path) in said


def test_the_tool_takes_a_part_of_the_images(dataset, files, tool, tmp_path):
    out = tmp_path / "one.json"
    tool.main([*files("iid_iso"), "--images", "1", "--out", str(out)])
    assert Recalibration.load(out).origin["num_images"] == 1


def test_what_the_tool_refuses(dataset, files, tool, tmp_path, capsys):
    model = files("mse")
    assert "no variance" in refused(tool, capsys, *model)
    assert not (tmp_path / "model.recalibration.json").exists()
    assert "nobody" in refused(tool, capsys, *model, "--dataset", "nobody")
    assert "is a folder" in refused(tool, capsys, *model, "--out", tmp_path)
    missing = tmp_path / "gone" / "r.json"
    assert "there is no folder" in refused(tool, capsys, *model, "--out", missing)
    assert "at least 1, not 0" in refused(tool, capsys, *model, "--images", "0")
    (tmp_path / "model.pth").unlink()
    assert "model.pth" in refused(tool, capsys, *model)
