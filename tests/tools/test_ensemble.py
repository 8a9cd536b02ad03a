"""tools/ensemble.py on untrained models and two images with a person each."""

import json

import cv2
import numpy as np
import pytest
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog

from tests.model_factory import make_config, make_model
from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.evaluation.scene import (
    HEIGHT,
    NUM_POINTS,
    WIDTH,
    coco,
    labelled,
    write,
)
from uncertain_densepose.data.coco_densepose import register_densepose_json

NAME = "ensemble_test_people"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images, annotations and surface, registered; configs and weights of untrained models."""
    folder = tmp_path_factory.mktemp("ensemble")
    rng = np.random.default_rng(0)
    people = [labelled(key, key, [10 * key, 20, 60, 80], rng) for key in (1, 2)]
    write(folder / "val.json", coco(people, num_images=2))
    for key in (1, 2):
        image = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{key}.jpg"), image)
    make_tiny_surface(cells=4).save(folder / "board.npz")
    register_densepose_json(NAME, folder / "val.json", folder, folder / "board.npz", "")
    for kind in ("full", "mse"):
        options = ["DATASETS.TEST", (NAME,), "DATALOADER.NUM_WORKERS", 0]
        cfg = make_config(kind, *options, "INPUT.MIN_SIZE_TEST", 96)
        cfg.MODEL.ROI_DENSEPOSE_HEAD.HEATMAP_SIZE = 56
        (folder / f"{kind}.yaml").write_text(cfg.dump())
        for seed in (0, 1):
            torch.save({"model": make_model(cfg, seed).state_dict()}, folder / f"{kind}{seed}.pth")
    yield folder
    DatasetCatalog.remove(NAME)
    MetadataCatalog.remove(NAME)


def arguments(folder, kind="full", weights=None):
    files = [str(folder / name) for name in weights or (f"{kind}0.pth", f"{kind}1.pth")]
    return ["--config-file", str(folder / f"{kind}.yaml"), "--device", "cpu", "--weights", *files]


def test_every_model_and_every_rule_has_a_row(tool, folder, tmp_path, capsys):
    tool.main([*arguments(folder), "--json", str(tmp_path / "rows.json")])
    metrics = json.loads((tmp_path / "rows.json").read_text(), parse_constant=pytest.fail)
    settings = metrics.pop("settings")
    assert settings["dataset"] == NAME and settings["num_images"] == 2
    assert settings["correlation"] == 0
    rules = ["average", "inverse_covariance", "joint"]
    assert list(metrics) == [*settings["weights"], *rules]
    for values in metrics.values():
        assert values["num_points"] == 2 * NUM_POINTS
        assert 0 <= values["within_5cm"] <= values["within_20cm"] <= 100
    nats = {row: values["nats_per_point"] for row, values in metrics.items()}
    single = [nats[row] for row in settings["weights"]]
    assert len(set(nats.values())) == 5
    # Networks that know nothing are as wrong together as they are alone, and a product is surer.
    assert min(single) - 0.5 < nats["average"] < max(single) + 0.5
    assert nats["joint"] < nats["average"]

    said = capsys.readouterr().out.splitlines()
    header = [cell.strip() for cell in said[0].strip("|").split("|")]
    assert header[1:] == "1cm 2cm 3cm 5cm 10cm 20cm AUC10 AUC30 nats_per_point".split()
    joint = next(line for line in said if line.startswith("| joint"))
    assert float(joint.split("|")[-2]) == pytest.approx(nats["joint"], abs=0.006)


def test_a_correlation_makes_the_products_less_sure(tool, folder, tmp_path):
    found = {}
    for rho in ("0", "0.9"):
        file = tmp_path / f"{rho}.json"
        options = ["--images", "1", "--rule", "average", "joint", "--correlation", rho]
        tool.main([*arguments(folder), *options, "--json", str(file)])
        found[rho] = json.loads(file.read_text())
    assert found["0"]["average"] == found["0.9"]["average"]
    assert found["0"]["joint"]["num_points"] == NUM_POINTS
    assert found["0"]["joint"]["nats_per_point"] != found["0.9"]["joint"]["nats_per_point"]
    assert found["0"]["joint"]["AUC30"] == found["0.9"]["joint"]["AUC30"]


def test_models_without_a_variance_can_be_averaged(tool, folder, tmp_path, capsys):
    tool.main([*arguments(folder, "mse"), "--rule", "average", "--json", str(tmp_path / "m.json")])
    metrics = json.loads((tmp_path / "m.json").read_text())
    assert metrics["average"]["nats_per_point"] is None
    assert metrics["average"]["AUC30"] is not None
    assert capsys.readouterr().out.splitlines()[-1].rstrip("| ").endswith("-")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--correlation", "1"], "--correlation must be in 0 <= RHO < 1, not 1.0"),
        (["--images", "0"], "--images: must be at least 1, not 0"),
        (["--dataset", "nobody"], "nobody: no data set"),
        (["--json", "no/such/rows.json"], "there is no folder no/such"),
        (["--rule", "vote"], "invalid choice: 'vote'"),
        (["--weights", "one.pth"], "two or more different checkpoints"),
        (["--weights", "one.pth", "two.pth"], "one.pth"),
        (["--config-file", "none.yaml"], "none.yaml"),
    ],
)
def test_mistakes_are_told_in_one_line(refused, folder, extra, message):
    assert message in refused(*arguments(folder), *extra)


def test_products_need_a_variance(refused, folder):
    assert "needs models with a variance" in refused(*arguments(folder, "mse"), "--rule", "joint")
