"""The predictor: what it feeds the network, what it returns, what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from detectron2.config import get_cfg
from detectron2.modeling import build_model
from detectron2.structures import Boxes, Instances
from inference.people_factory import flat_metric, linear_person
from surface_factory import make_tiny_surface
from torch import nn

from uncertain_densepose.config import load_config
from uncertain_densepose.inference import Predictor, surface_path
from uncertain_densepose.modeling.chart_predictor import NoiseModelMismatch
from uncertain_densepose.structures import ChartMaps
from uncertain_densepose.surface import SurfaceFileError, default_surface_path

CONFIG = str(Path(__file__).parents[2] / "configs" / "synth" / "unc_full.yaml")
SCORES = [0.3, 0.9, 0.6]


class RecordingModel(nn.Module):
    """Finds three people, of charts 1, 2 and 3, wherever it is; remembers what it was given."""

    def forward(self, batched_inputs):
        (self.given,) = batched_inputs
        found = Instances((self.given["height"], self.given["width"]))
        found.pred_boxes = Boxes(torch.tensor([[5.0, 5, 25, 35]] * 3))
        found.scores = torch.tensor(SCORES)
        found.pred_densepose = self.maps(3)
        return [{"instances": found}]

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


def test_given_boxes_reach_the_network_in_its_frame_and_come_back_unchanged():
    model = RecordingModel()
    boxes = np.array([[-3.5, 2, 20, 38], [30, 5, 70, 39]])
    people = predictor_of(model, score_threshold=0.99).predict_boxes(IMAGE, boxes)
    assert model.known.image_size == (80, 120)
    np.testing.assert_allclose(model.known.pred_boxes.tensor.numpy(), 2 * boxes)
    assert model.known.pred_classes.tolist() == [0, 0]
    np.testing.assert_allclose([p.box_xyxy for p in people], boxes)
    assert [p.score for p in people] == [1, 1]
    assert [p.part[0, 0] for p in people] == [1, 2]
    assert people[1].window == (30, 5, 60, 39)


def test_no_given_boxes_give_nobody():
    assert predictor_of(RecordingModel()).predict_boxes(IMAGE, np.empty((0, 4))) == []


def test_given_boxes_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(N, 4\), not \(4,\)"):
        predictor_of(RecordingModel()).predict_boxes(IMAGE, np.array([0, 0, 5, 5]))


@pytest.mark.parametrize(
    "image, complaint",
    [
        (None, "NoneType"),
        (IMAGE[..., 0], r"\(40, 60\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (IMAGE / 255.0, "float64"),
    ],
    ids=["unread image", "grey", "with alpha", "floats"],
)
def test_what_is_no_image_is_refused(image, complaint):
    with pytest.raises(ValueError, match=complaint):
        predictor_of(RecordingModel())(image)


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


def test_a_missing_surface_is_named_with_what_builds_it(checkpoint, tmp_path):
    with pytest.raises(SurfaceFileError, match=r"none\.npz.*tools/build_surface\.py"):
        Predictor(CONFIG, checkpoint, surface=str(tmp_path / "none.npz"))


def test_weights_of_another_noise_model_are_named(checkpoint, surface_file):
    config = CONFIG.replace("unc_full", "unc_mse")
    with pytest.raises(NoiseModelMismatch, match=r"model_final\.pth.*"):
        Predictor(config, checkpoint, device="cpu", surface=surface_file)


def test_the_surface_is_the_stated_one_or_that_of_the_test_data_set_or_the_embedded_one():
    cfg = load_config(CONFIG, ["DATASETS.TEST", "('densepose_coco_2014_minival',)"])
    assert surface_path(cfg).endswith("densepose_smpl_surface.npz")
    cfg.DATASETS.TEST = ()
    assert surface_path(cfg) == str(default_surface_path())
    cfg.DENSEPOSE_EVALUATION.SURFACE = "own.npz"
    assert surface_path(cfg) == "own.npz"
