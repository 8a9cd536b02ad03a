"""What a predictor takes: pictures of several kinds, devices, thresholds."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.model_factory import make_config
from tests.uncertain_densepose.inference.test_predictor import (
    IMAGE,
    RecordingModel,
    predictor_of,
)
from uncertain_densepose.config import ConfigError, load_config
from uncertain_densepose.data import DensePoseDatasetMapper
from uncertain_densepose.inference import ImageError, Predictor
from uncertain_densepose.model_zoo import get_checkpoint, get_config_file

ZOO_MODEL = "synth/unc_full_small"


def upright_and_lying() -> Image.Image:
    """The picture, stored lying on its side with an orientation that turns it upright."""
    lying = Image.fromarray(np.rot90(IMAGE[..., ::-1]))
    lying.getexif()[0x0112] = 6
    return lying


SAME = {
    "Pillow": lambda: Image.fromarray(IMAGE[..., ::-1]),
    "Pillow, opaque": lambda: Image.fromarray(IMAGE[..., ::-1]).convert("RGBA"),
    "Pillow, lying": upright_and_lying,
    "tensor": lambda: torch.from_numpy(IMAGE),
    "a view of a tensor": lambda: torch.from_numpy(IMAGE).permute(2, 0, 1).permute(1, 2, 0),
    "a view of an array": lambda: IMAGE[..., ::-1].copy()[..., ::-1],
    "16 bits": lambda: IMAGE.astype(np.uint16) * 257,
}
"""The picture of `IMAGE` in other forms."""


@pytest.mark.parametrize("kind", SAME)
def test_other_forms_of_a_picture_reach_the_network_as_the_array_does(kind):
    model = RecordingModel()
    predictor = predictor_of(model)
    predictor(IMAGE)
    expected = model.given["image"]
    predictor(SAME[kind]())
    torch.testing.assert_close(model.given["image"], expected, rtol=0, atol=0)
    assert len(predictor([IMAGE, SAME[kind]()])) == 2


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (torch.zeros(3, 40, 60, dtype=torch.uint8), r"permute\(1, 2, 0\) puts its channels last"),
        (torch.zeros(40, 60, 3), "must be uint8 in .0, 255., not torch.float32"),
        (torch.zeros(40, 60, 3, dtype=torch.bfloat16), "not torch.bfloat16"),
        (torch.zeros(1, 40, 60, 3, dtype=torch.uint8), "must be .H, W., .*not .1, 40, 60, 3."),
        ([[1, 2], [3, 4]], "must be an array"),
        (None, "must be an array .*not NoneType"),
    ],
)
def test_what_is_no_picture_is_said(image, message):
    with pytest.raises(ImageError, match=message) as caught:
        predictor_of(RecordingModel())([IMAGE, image])
    assert str(caught.value).startswith("image 1: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("threshold", [-0.1, 1.01, math.nan, math.inf])
def test_a_threshold_outside_0_to_1_is_refused_before_anything_is_read(threshold):
    with pytest.raises(ConfigError, match=r"score_threshold must be in 0\.\.1, not "):
        predictor_of(RecordingModel(), score_threshold=threshold)
    with pytest.raises(ConfigError, match=r"score_threshold must be in 0\.\.1, not "):
        Predictor("no_such.yaml", "no_such.pth", score_threshold=threshold)


@pytest.mark.parametrize("key", ["-0.1", "1.5", "nan"])
def test_a_threshold_of_a_config_outside_0_to_1_is_refused(key):
    with pytest.raises(ConfigError, match="MODEL.ROI_HEADS.SCORE_THRESH_TEST"):
        load_config("configs/synth/unc_full.yaml", ["MODEL.ROI_HEADS.SCORE_THRESH_TEST", key])


def test_devices_and_paths_are_taken_as_such():
    files = Path(get_config_file(ZOO_MODEL)), Path(get_checkpoint(ZOO_MODEL))
    predictor = Predictor(*files, device=torch.device("cpu"), score_threshold=1)
    assert predictor.cfg.MODEL.DEVICE == "cpu"
    assert {p.device.type for p in predictor.model.parameters()} == {"cpu"}
    with pytest.raises(ConfigError, match="device 'meta'"):
        Predictor(*files, device=torch.device("meta"))


@pytest.mark.parametrize("image_format", ["L", "YUV-BT.601", "bgr"])
def test_other_orders_of_channels_are_refused_in_training_and_prediction(image_format):
    with pytest.raises(ConfigError, match=f"INPUT.FORMAT must be .* not '{image_format}'"):
        DensePoseDatasetMapper(make_config("full", "INPUT.FORMAT", image_format), is_train=False)
    with pytest.raises(ConfigError, match="INPUT.FORMAT must be"):
        predictor_of(RecordingModel(), image_format)
