"""A recalibration fitted to a real, untrained model, by a call and by tools/recalibrate.py."""

import json

import cv2
import numpy as np
import pytest
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.evaluation import inference_on_dataset

from tests.model_factory import make_config, make_model
from tests.tool_loader import load_tool
from tests.uncertain_densepose.evaluation.scene import HEIGHT, WIDTH, coco, labelled, write
from uncertain_densepose.data.coco_densepose import register_densepose_json
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
    write(tmp_path / "val.json", coco(annotations, num_images=2))
    for key in boxes:
        image = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"{key}.jpg"), image)
    register_densepose_json(NAME, tmp_path / "val.json", tmp_path, tmp_path / "none.npz", "")
    yield NAME
    DatasetCatalog.remove(NAME)
    MetadataCatalog.remove(NAME)


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

    def write_model(noise_model):
        options = ["DATASETS.TEST", (NAME,), "DATALOADER.NUM_WORKERS", 0]
        cfg = make_config(noise_model, *options, "INPUT.MIN_SIZE_TEST", 96)
        (tmp_path / "model.yaml").write_text(cfg.dump())
        torch.save({"model": make_model(cfg).state_dict()}, tmp_path / "model.pth")
        config, weights = (str(tmp_path / f"model.{kind}") for kind in ("yaml", "pth"))
        return ["--config-file", config, "--weights", weights, "--device", "cpu"]

    return write_model


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


def refused(tool, capsys, *arguments):
    with pytest.raises(SystemExit) as exit_info:
        tool.main([str(argument) for argument in arguments])
    assert exit_info.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


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
