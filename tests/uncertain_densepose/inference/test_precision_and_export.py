"""What becomes of a model in half precision, traced, scripted, or on a `torch.device`."""

import copy

import numpy as np
import pytest
import torch
from detectron2.export import TracingAdapter

from tests.model_factory import make_config, make_model
from tests.surface_factory import make_tiny_surface
from uncertain_densepose.config import ConfigError
from uncertain_densepose.device import usable_device
from uncertain_densepose.inference import ChartMetric, Predictor


@pytest.fixture(scope="module")
def predictor():
    cfg = make_config("full", "INPUT.MIN_SIZE_TEST", 96, "TEST.DETECTIONS_PER_IMAGE", 3)
    cfg.MODEL.ROI_HEADS.SCORE_THRESH_TEST = 0.0
    metric = ChartMetric(make_tiny_surface())
    return Predictor.from_model(cfg, make_model(cfg), metric, score_threshold=0.0)


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).integers(0, 256, (96, 80, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_refused(predictor, kind):
    other = copy.deepcopy(predictor.model).to(kind)
    with pytest.raises(ConfigError, match=f"weights of {kind}; keep them in float32"):
        Predictor.from_model(predictor.cfg, other, predictor.metric)


def test_autocast_changes_little(predictor, picture):
    expected = predictor.predict_boxes(picture, np.array([[5, 5, 70, 90]]))[0]
    with torch.autocast("cpu", torch.bfloat16):
        found = predictor.predict_boxes(picture, np.array([[5, 5, 70, 90]]))[0]
    assert found.uv.dtype == np.float32 and found.covariance_uv.dtype == np.float32
    both = (found.part == expected.part) & (found.part > 0)
    assert both.mean() > 0.5
    assert np.abs(found.uv - expected.uv)[both].max() < 0.02
    np.testing.assert_allclose(found.sigma_uv[both], expected.sigma_uv[both], rtol=0.05)


def boxes_and_maps(model, inputs):
    (found,) = model.inference(inputs, do_postprocess=False)
    maps = found.pred_densepose
    return found.pred_boxes.tensor, found.scores, maps.u, maps.variance, maps.shared_covariance


@pytest.mark.filterwarnings("ignore")
def test_a_traced_model_predicts_the_same_for_pictures_of_other_sizes(predictor, tmp_path):
    pictures = [255 * torch.rand(3, *size) for size in ((96, 80), (96, 80), (128, 96))]
    adapter = TracingAdapter(predictor.model, [{"image": pictures[0]}], boxes_and_maps)
    with torch.no_grad():
        traced = torch.jit.trace(adapter, (pictures[0],), check_trace=False)
        traced.save(str(tmp_path / "model.ts"))
        loaded = torch.jit.load(str(tmp_path / "model.ts"))
        for one in pictures:
            for found, expected in zip(loaded(one), adapter(one), strict=True):
                torch.testing.assert_close(found, expected)


def test_a_device_may_be_given_as_such():
    assert usable_device(torch.device("cpu")) == "cpu"
    with pytest.raises(ConfigError, match="meta"):
        usable_device(torch.device("meta"))
