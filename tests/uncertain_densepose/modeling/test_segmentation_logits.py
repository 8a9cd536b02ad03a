"""Segmentation with a confidence that scales its logits."""

import pytest
import torch
from detectron2.utils.events import EventStorage
from torch.nn import functional as F

from tests.model_factory import make_config, make_input, make_model, make_points
from uncertain_densepose.modeling.segmentation_logits import SegmentationLogits

EPSILON = 0.1


def random_logits(confident, size=6, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        values = torch.randn(*shape, generator=generator, dtype=torch.float64)
        return values.requires_grad_()

    return SegmentationLogits(
        normal(3, 4, size, size), normal(3, 1, size, size) if confident else None, EPSILON
    )


@pytest.mark.parametrize("confident", [False, True])
def test_logits_are_scaled_after_upsampling(confident):
    segmentation = random_logits(confident)

    def dense(maps):
        return F.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)

    expected = dense(segmentation.logits).float()
    if confident:
        expected = expected * (EPSILON + F.softplus(dense(segmentation.confidence).float()))
    torch.testing.assert_close(segmentation.upsampled(2).scaled(), expected)


def test_no_boxes():
    empty = random_logits(True).select(torch.zeros(0, dtype=torch.int64))
    assert empty.upsampled(2).scaled().shape == (0, 4, 12, 12)
    assert empty.upsampled(2).positive_confidence().shape == (0, 1, 12, 12)


def test_a_model_with_confidence_trains_starts_at_one_and_returns_it():
    model = make_model(
        make_config("full", "MODEL.ROI_DENSEPOSE_HEAD.SEGM_CONFIDENCE.ENABLED", True)
    )
    with EventStorage(0):
        losses = model.train()([make_input([make_points(20)])])
    sum(losses.values()).backward()
    predictor = model.roi_heads.densepose_predictor
    for name in ("fine_segm_confidence_lowres", "coarse_segm_confidence_lowres"):
        assert getattr(predictor, name).bias.grad.abs().sum() > 0
    features = torch.randn(2, 16, 14, 14)
    maps = predictor.chart_maps(predictor(features))
    for confidence in (maps.fine_segm_confidence, maps.coarse_segm_confidence):
        assert confidence.shape == (2, 1, 56, 56)
        torch.testing.assert_close(confidence, torch.full_like(confidence, 1.01), atol=0.05, rtol=0)
    logits = predictor.index_uv_lowres(features)
    plain = F.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(maps.fine_segm, plain * maps.fine_segm_confidence)
    assert len(maps[:1].fine_segm_confidence) == 1
