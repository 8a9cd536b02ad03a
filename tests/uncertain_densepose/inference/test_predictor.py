"""The predictor: what it feeds the network, what it returns, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from detectron2.config import get_cfg
from detectron2.data import transforms as T
from detectron2.modeling import build_model
from detectron2.structures import Boxes, Instances
from torch import nn

from tests.release_factory import release_of
from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.inference.people_factory import flat_metric, linear_person
from uncertain_densepose import device as device_module
from uncertain_densepose import model_zoo
from uncertain_densepose.config import ConfigError, load_config
from uncertain_densepose.device import usable_device
from uncertain_densepose.inference import (
    ChartMetric,
    ImageError,
    Predictor,
    network_input,
    surface_path,
)
from uncertain_densepose.inference import predictor as predictor_module
from uncertain_densepose.model_zoo.weight_files import write_safetensors
from uncertain_densepose.structures import ChartMaps
from uncertain_densepose.surface import SurfaceFileError, default_surface_path
from uncertain_densepose.surface.paths import PACKAGED_CHARTS_PATH
from uncertain_densepose.weights_file import WeightsError

CONFIG = str(Path(__file__).parents[3] / "configs" / "synth" / "unc_full.yaml")
SCORES = [0.3, 0.9, 0.6]


class RecordingModel(nn.Module):
    """Finds three people, of charts 1, 2 and 3, wherever it is; remembers what it was given."""

    backbone = SimpleNamespace(size_divisibility=32)

    def __init__(self):
        super().__init__()
        self.batches = []

    def forward(self, batched_inputs):
        self.batches.append(batched_inputs)
        self.given = batched_inputs[-1]
        return [{"instances": self.found_in(given)} for given in batched_inputs]

    def found_in(self, given) -> Instances:
        found = Instances((given["height"], given["width"]))
        found.pred_boxes = Boxes(torch.tensor([[5.0, 5, 25, 35]] * 3))
        found.scores = torch.tensor(SCORES)
        found.pred_densepose = self.maps(3)
        return found

    def inference(self, batched_inputs, detected_instances, do_postprocess):
        (self.given,), (self.known,) = batched_inputs, detected_instances
        assert not do_postprocess
        self.known.pred_densepose = self.maps(len(self.known))
        return [self.known]

    @staticmethod
    def maps(count: int) -> ChartMaps:
        people = [linear_person((0, 0, 9, 9), (9, 9), part=1 + i) for i in range(max(count, 1))]
        return ChartMaps.cat([person.maps for person in people])[:count]


def predictor_of(model: nn.Module, image_format: str = "BGR", **options) -> Predictor:
    cfg = get_cfg()
    cfg.MODEL.DEVICE = "cpu"
    cfg.INPUT.FORMAT = image_format
    cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST = 80, 200
    return Predictor.from_model(cfg, model, flat_metric(), **options)


IMAGE = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)


@pytest.mark.parametrize("image_format, channels", [("BGR", [0, 1, 2]), ("RGB", [2, 1, 0])])
def test_the_network_gets_the_resized_image_in_its_channel_order(image_format, channels):
    model = RecordingModel()
    predictor_of(model, image_format)(IMAGE)
    pixels = model.given["image"]
    assert pixels.shape == (3, 80, 120) and pixels.dtype == torch.float32
    assert (model.given["height"], model.given["width"]) == (40, 60)
    mean = IMAGE.reshape(-1, 3).mean(axis=0)[channels]
    np.testing.assert_allclose(pixels.mean(dim=(1, 2)).numpy(), mean, atol=1)


@pytest.mark.parametrize(
    "size, limits", [((67, 45), (32, 60)), ((30, 91), (50, 70)), ((40, 40), (40, 40))]
)
def test_a_large_image_is_resized_in_strips_to_the_same_bits(monkeypatch, size, limits):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    resize = T.ResizeShortestEdge([limits[0]] * 2, limits[1]).get_transform(image)
    expected = resize.apply_image(image)
    for pixels in (1, 200, 10**6):
        monkeypatch.setattr(network_input, "_PIXELS_PER_STRIP", pixels)
        resized = network_input.resized_in_strips(image, resize)
        np.testing.assert_array_equal(resized, expected)


def test_people_above_the_threshold_come_the_surest_first():
    people = predictor_of(RecordingModel(), score_threshold=0.5)(IMAGE)
    assert [p.score for p in people] == pytest.approx([0.9, 0.6])
    assert [p.part[0, 0] for p in people] == [2, 3]
    assert people[0].window == (5, 5, 25, 35)


def test_nobody_above_the_threshold_is_an_empty_list():
    assert predictor_of(RecordingModel(), score_threshold=0.95)(IMAGE) == []


def test_the_model_is_put_into_evaluation_mode():
    model = RecordingModel()
    assert model.training
    predictor_of(model)
    assert not model.training


def test_a_file_is_read_as_its_array(tmp_path):
    cv2.imwrite(str(tmp_path / "x.png"), IMAGE)
    model = RecordingModel()
    predictor = predictor_of(model)
    predictor(IMAGE)
    expected = model.given["image"]
    for path in (tmp_path / "x.png", str(tmp_path / "x.png")):
        people = predictor(path)
        torch.testing.assert_close(model.given["image"], expected)
    assert people[0].image_size == (40, 60)
    assert predictor.predict_boxes(path, [[1, 2, 20, 30]])[0].image_size == (40, 60)


def test_a_list_runs_in_batches_of_equal_size_and_gives_a_list_of_people_an_image(tmp_path):
    cv2.imwrite(str(tmp_path / "x.png"), IMAGE)
    model = RecordingModel()
    people = predictor_of(model)([IMAGE, IMAGE[:20], tmp_path / "x.png", IMAGE[:, :59]])
    sizes = [[(one["height"], one["width"]) for one in batch] for batch in model.batches]
    # 80 x 120 and 80 x 118 are both padded to 96 x 128.
    assert sizes == [[(40, 60), (40, 60), (40, 59)], [(20, 60)]]
    assert [len(of_image) for of_image in people] == [2, 2, 2, 2]
    shapes = [of_image[0].image_size for of_image in people]
    assert shapes == [(40, 60), (20, 60), (40, 60), (40, 59)]


def test_an_empty_list_needs_no_model():
    assert predictor_of(nn.Identity())([]) == []


ODD = {
    "grey": IMAGE[..., 0],
    "16 bits": IMAGE.astype(np.uint16) * 257,
    "alpha": np.dstack([IMAGE, IMAGE[..., :1]]),
    "1 x 1": IMAGE[:1, :1],
    "6000 x 4000": np.broadcast_to(np.uint8(9), (4000, 6000, 3)),
}


@pytest.mark.parametrize("image", ODD.values(), ids=ODD)
def test_odd_images_reach_the_network_in_its_usual_size(image):
    model = RecordingModel()
    people = predictor_of(model)(image)
    channels, height, width = model.given["image"].shape
    assert channels == 3 and min(height, width) == 80 and max(height, width) <= 200
    assert all(person.image_size == image.shape[:2] for person in people)
    assert all(person.part.shape == person.sigma_cm.shape for person in people)


@pytest.mark.parametrize(
    "image, complaint",
    [
        ("none.jpg", "none.jpg: no such image"),
        (np.zeros((5000, 2, 3), np.uint8), "2 x 5000 pixels is too narrow"),
        ([IMAGE, IMAGE[..., :2]], r"image 1: .*\(40, 60, 2\)"),
    ],
    ids=["no file", "narrow", "in a list"],
)
def test_what_is_no_image_is_refused(image, complaint):
    with pytest.raises(ImageError, match=complaint):
        predictor_of(RecordingModel())(image)


def test_the_device_is_the_first_that_there_is(monkeypatch):
    monkeypatch.setattr(device_module, "ACCELERATORS", {"cuda": lambda: False, "mps": lambda: True})
    assert usable_device(None) == "mps" and usable_device("cpu") == "cpu"
    with pytest.raises(ConfigError, match="device 'cuda:1': torch finds no cuda here"):
        usable_device("cuda:1")
    with pytest.raises(ConfigError, match="device 'gpu' is unknown to torch"):
        usable_device("gpu")
    monkeypatch.setattr(device_module, "ACCELERATORS", {"cuda": lambda: False})
    assert usable_device(None) == "cpu"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> str:
    """A checkpoint of the configured model with random weights."""
    cfg = load_config(CONFIG, ["MODEL.DEVICE", "cpu"])
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "model_final.pth"
    torch.save({"model": build_model(cfg).state_dict()}, path)
    return str(path)


@pytest.fixture(scope="module")
def surface_file(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("surface") / "board.npz"
    make_tiny_surface().save(path)
    return str(path)


def test_a_checkpoint_runs_from_its_config(checkpoint, surface_file):
    predictor = Predictor(
        CONFIG,
        checkpoint,
        device="cpu",
        score_threshold=0.0,
        surface=surface_file,
        overrides=["TEST.DETECTIONS_PER_IMAGE", "3"],
    )
    saved = torch.load(checkpoint)["model"]
    for name, values in predictor.model.state_dict().items():
        torch.testing.assert_close(values, saved[name])
    image = np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    for person in [*predictor(image), *predictor.predict_boxes(image, [[20, 10, 90.5, 110]])]:
        height, width = person.part.shape
        assert person.uv.shape == (height, width, 2)
        assert person.covariance_uv.shape == (height, width, 2, 2)
        assert (person.sigma_cm[person.part > 0] > 0).all()


def test_a_missing_config_is_named():
    with pytest.raises(FileNotFoundError, match="configs/none.yaml"):
        Predictor("configs/none.yaml", "model.pth")


def test_missing_weights_are_named_with_what_makes_them():
    with pytest.raises(FileNotFoundError, match=r"output/none\.pth.*tools/train_net\.py"):
        Predictor(CONFIG, "output/none.pth")


def test_a_missing_surface_is_named_with_what_to_do(checkpoint, tmp_path):
    with pytest.raises(SurfaceFileError, match=r"none\.npz.*check the path"):
        Predictor(CONFIG, checkpoint, surface=str(tmp_path / "none.npz"))


@pytest.fixture
def no_surface_built(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))


def test_before_the_body_is_built_the_predictor_has_its_charts_and_the_same_centimetres(
    checkpoint, embedded_surface, no_surface_built
):
    unnamed = ["DATASETS.TEST", "()"]
    predictor = Predictor(CONFIG, checkpoint, device="cpu", overrides=unnamed)
    (person,) = predictor.predict_boxes(IMAGE, [[5, 5, 50, 38]])
    body = person.part > 0
    assert body.any() and not predictor.metric.surface.has_distances
    expected_cm = replace(person, metric=ChartMetric(embedded_surface)).sigma_cm
    # Where a machine's solver rounds otherwise, a pixel may lie on the face beside.
    assert np.isclose(person.sigma_cm[body], expected_cm[body], rtol=1e-2).mean() > 0.99


def test_a_surface_that_the_user_names_is_to_be_there(checkpoint, no_surface_built):
    named = str(default_surface_path())
    with pytest.raises(SurfaceFileError, match="no such surface file"):
        Predictor(CONFIG, checkpoint, device="cpu", surface=named)
    with pytest.raises(SurfaceFileError, match="no such surface file"):
        overrides = ["DENSEPOSE_EVALUATION.SURFACE", named]
        Predictor(CONFIG, checkpoint, device="cpu", overrides=overrides)


def test_weights_of_another_noise_model_are_named(checkpoint, surface_file):
    config = CONFIG.replace("unc_full", "unc_mse")
    with pytest.raises(WeightsError, match=r"model_final\.pth: .*noise model"):
        Predictor(config, checkpoint, device="cpu", surface=surface_file)


def test_malicious_weights_are_refused_and_not_run(surface_file, tmp_path):
    trap = tmp_path / "trap"
    for ending in ("pth", "pkl"):
        path = tmp_path / f"model_final.{ending}"
        path.write_bytes(b"cposix\nsystem\n(S'touch " + str(trap).encode() + b"'\ntR.")
        with pytest.raises(WeightsError, match=f"{path}: refused, and nothing of it was run"):
            Predictor(CONFIG, str(path), device="cpu", surface=surface_file)
    assert not trap.exists()


def test_a_released_model_runs_by_its_name(checkpoint, surface_file, monkeypatch):
    folder = Path(checkpoint).parent
    (folder / "configs").symlink_to(Path(CONFIG).parents[1])
    weights = torch.load(checkpoint)["model"]
    file = write_safetensors(weights, folder)
    zoo = model_zoo.ModelZoo(folder)
    zoo.index.write_text("{}")
    zoo.add("synth/unc_full", release_of(file), folder)
    monkeypatch.setattr(model_zoo, "get_config_file", zoo.get_config_file)
    monkeypatch.setattr(model_zoo, "get_checkpoint", zoo.get_checkpoint)
    metric = ChartMetric.load(surface_file)
    monkeypatch.setattr(predictor_module, "chart_metric", lambda cfg: metric)
    predictor = Predictor.from_zoo("synth/unc_full", device="cpu", score_threshold=0.25)
    assert predictor.score_threshold == 0.25
    for name, values in predictor.model.state_dict().items():
        torch.testing.assert_close(values, weights[name])
    with pytest.raises(WeightsError, match="no checkpoint of it has been released"):
        Predictor.from_zoo("synth/unc_mse")
    with pytest.raises(ConfigError, match="did you mean .*synth/unc_full"):
        Predictor.from_zoo("synth/unc_ful")


def test_the_surface_is_the_stated_one_or_that_of_the_test_data_set_or_the_embedded_one(
    no_surface_built,
):
    cfg = load_config(CONFIG, ["DATASETS.TEST", "('densepose_coco_2014_minival',)"])
    assert surface_path(cfg).endswith("densepose_smpl_surface.npz")
    cfg.DATASETS.TEST = ()
    assert surface_path(cfg) == str(PACKAGED_CHARTS_PATH)
    make_tiny_surface(cells=1).save(default_surface_path())
    assert surface_path(cfg) == str(default_surface_path())
    cfg.DENSEPOSE_EVALUATION.SURFACE = "own.npz"
    assert surface_path(cfg) == "own.npz"
