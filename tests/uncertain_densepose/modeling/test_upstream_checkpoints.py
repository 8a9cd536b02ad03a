"""DensePose's checkpoints load with nothing missing or unexpected, and are saved as they came."""

import pytest
import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling import build_roi_heads

from tests.model_factory import make_config
from tests.uncertain_densepose.modeling.upstream_names import (
    decoder_names,
    deeplab_names,
    predictor_names,
    v1convx_names,
)

CHANNELS, DIM = 64, 32
HEADS = {
    "DensePoseV1ConvXHead": v1convx_names(CHANNELS, DIM, 8),
    "DensePoseDeepLabHead": deeplab_names(CHANNELS, DIM, 8),
}


def branch(*overrides):
    """The dense-pose branch of the ROI heads of a config."""
    head = "MODEL.ROI_DENSEPOSE_HEAD."
    options = {"NUM_STACKED_CONVS": 8, "CONV_HEAD_DIM": DIM, "UV_CONFIDENCE.EPSILON": 0.01}
    flat = [x for key, value in options.items() for x in (head + key, value)]
    cfg = make_config("iid_iso", *flat, *overrides)
    shapes = {f"p{k}": ShapeSpec(channels=CHANNELS, stride=2**k) for k in range(2, 6)}
    return build_roi_heads(cfg, shapes)


def shapes_of(module):
    names = ("densepose_head.", "densepose_predictor.", "decoder.")
    return {k: tuple(v.shape) for k, v in module.state_dict().items() if k.startswith(names)}


def random_checkpoint(names, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {k: torch.randn(shape, generator=generator) for k, shape in names.items()}


@pytest.mark.parametrize("segm_confidence", [False, True])
@pytest.mark.parametrize("confidence", ["iid_iso", "indep_aniso", None])
@pytest.mark.parametrize("coarse_channels", [2, 15])
@pytest.mark.parametrize("head", HEADS)
def test_names_and_shapes(head, coarse_channels, confidence, segm_confidence):
    options = "MODEL.ROI_DENSEPOSE_HEAD."
    module = branch(
        *(options + "NAME", head),
        *(options + "NUM_COARSE_SEGM_CHANNELS", coarse_channels),
        *(options + "COARSE_SEGM_TRAINED_BY_MASKS", False),
        *(options + "UV_CONFIDENCE.ENABLED", confidence is not None),
        *(options + "UV_CONFIDENCE.TYPE", confidence or "iid_iso"),
        *(options + "SEGM_CONFIDENCE.ENABLED", segm_confidence),
    )
    names = HEADS[head] | predictor_names(DIM, coarse_channels, confidence, segm_confidence)
    assert shapes_of(module) == names

    checkpoint = random_checkpoint(names)
    result = module.load_state_dict(checkpoint, strict=False)
    assert not result.unexpected_keys
    assert not [key for key in result.missing_keys if key.startswith("densepose")]
    saved = module.state_dict()
    assert all(torch.equal(saved[key], value) for key, value in checkpoint.items())


def test_names_of_the_decoder_and_the_non_local_block():
    options = "MODEL.ROI_DENSEPOSE_HEAD."
    module = branch(
        *(options + "NAME", "DensePoseDeepLabHead"),
        *(options + "DEEPLAB.NONLOCAL_ON", 1),
        *(options + "DECODER_ON", True),
        *(options + "DECODER_NUM_CLASSES", 96),
        *(options + "DECODER_CONV_DIMS", 32),
    )
    expected = (
        deeplab_names(96, DIM, 8, non_local=True)
        | predictor_names(DIM, 2, "iid_iso")
        | decoder_names(CHANNELS, 32, 96)
    )
    assert shapes_of(module) == expected
