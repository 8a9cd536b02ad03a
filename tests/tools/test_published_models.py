"""A published model by its name: pictures, then a shared error and a recalibration of its own."""

import json

import cv2
import numpy as np
import pytest

from tests.people_on_disk import registered
from tests.published_models import NAME
from tests.tool_loader import load_tool
from tests.uncertain_densepose.evaluation.scene import labelled
from uncertain_densepose.inference import Predictor, load_people

IMAGE = np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)


@pytest.fixture
def dataset(tmp_path):
    rng = np.random.default_rng(0)
    people = [labelled(key, key, [10 * key, 20, 60, 80], rng) for key in (1, 2, 3, 4)]
    with registered("published_test_people", tmp_path, people, num_images=4) as name:
        yield name


def test_a_published_model_is_applied_by_its_name(by_name, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "x.png"), IMAGE)
    arguments = [str(tmp_path / "x.png"), "--model", NAME, "--device", "cpu"]
    arguments += ["--score-threshold", "0", "--opts", "TEST.DETECTIONS_PER_IMAGE", "2"]
    load_tool("apply_net").main(["dump", "--out", str(tmp_path / "out"), *arguments])
    assert "people: 2" in capsys.readouterr().out
    for person in load_people(tmp_path / "out" / "x.npz").people:
        assert person["sigma_uv"] is not None and person["sigma_cm"] is None


def test_a_file_that_is_damaged_ends_a_tool_in_a_line(by_name, tmp_path, ended):
    zoo, *_ = by_name
    cached = zoo.published()[NAME].cached
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"half")
    cv2.imwrite(str(tmp_path / "x.png"), IMAGE)
    arguments = ["show", str(tmp_path / "x.png"), "--model", NAME, "--out", str(tmp_path / "out")]
    said = ended(load_tool("apply_net").main, arguments)
    assert said.startswith(f"error: {cached}: ") and "delete it" in said


def test_it_gets_a_shared_error_and_a_recalibration(by_name, dataset, tmp_path):
    own = ["--dataset", dataset, "--device", "cpu"]
    out = tmp_path / "full"
    load_tool("fit_shared_variance").main(["--model", NAME, *own, "--out", str(out)])
    fitted = json.loads((out / "shared_variance.json").read_text())
    assert fitted["shared_variance_uv"] > 0
    predictor = Predictor(str(out / "config.yaml"), str(out / "model_final.pth"), device="cpu")
    (person,) = predictor.predict_boxes(IMAGE, [[10, 10, 80, 90]])
    assert person.shared_covariance.shape == (25, 2, 2) and not person.has_centimetres

    for model, factors in (
        (["--model", NAME], tmp_path / "published.json"),
        (
            ["--config-file", str(out / "config.yaml"), "--weights", str(out / "model_final.pth")],
            out / "full.json",
        ),
    ):
        load_tool("recalibrate").main([*model, *own, "--out", str(factors)])
        assert json.loads(factors.read_text())["variance_scale"] > 0
