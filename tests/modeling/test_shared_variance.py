"""Weights of independent models, continued as those of the correlated one."""

from dataclasses import fields

import pytest
import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling import build_roi_heads
from model_factory import make_config, make_model
from modeling.upstream_names import predictor_names, v1convx_names

from uncertain_densepose.modeling.shared_variance import (
    MIN_VARIANCE,
    NotIndependentError,
    with_shared_variance,
)
from uncertain_densepose.structures import ChartMaps

VARIANCE = torch.linspace(1e-5, 0.3, 25, dtype=torch.float64)
CHANNELS = 32


def heads(noise_model):
    """The ROI heads of a config, which need no backbone, with random weights of some size."""
    torch.manual_seed(3)
    shapes = {f"p{k}": ShapeSpec(channels=16, stride=2**k) for k in range(2, 6)}
    options = ("MODEL.ROI_DENSEPOSE_HEAD.CONV_HEAD_DIM", CHANNELS)
    module = build_roi_heads(make_config(noise_model, *options), shapes)
    for name, parameter in module.densepose_predictor.named_parameters():
        if not name.startswith("shared"):
            torch.nn.init.normal_(parameter, std=0.3)
    return module.eval()


def maps_of(module, features):
    with torch.no_grad():
        predictor = module.densepose_predictor
        return predictor.chart_maps(predictor(features))


@pytest.mark.parametrize("parent", ["iid_iso", "indep_aniso"])
def test_predictions_are_the_parent_s_with_the_given_shared_covariance(parent):
    independent, full = heads(parent), heads("full")
    weights = with_shared_variance(independent.state_dict(), VARIANCE)
    full.load_state_dict(weights, strict=True)
    features = torch.randn(3, CHANNELS, 6, 6)
    before, after = maps_of(independent, features), maps_of(full, features)
    identity = torch.eye(2).expand(3, 25, 2, 2)
    torch.testing.assert_close(
        after.shared_covariance, VARIANCE.float()[:, None, None] * identity, rtol=1e-5, atol=0
    )
    for field in {f.name for f in fields(ChartMaps)} - {"shared_covariance", "direction"}:
        found, expected = getattr(after, field), getattr(before, field)
        assert (found is None) == (expected is None), field
        assert found is None or torch.equal(found, expected), field
    direction = torch.zeros_like(after.direction) if before.direction is None else before.direction
    assert torch.equal(after.direction, direction)


def test_the_parent_s_weights_are_left_as_they_are():
    parent = heads("iid_iso").state_dict()
    names = list(parent)
    child = with_shared_variance(parent, VARIANCE)
    assert list(parent) == names
    assert all(child[name] is value for name, value in parent.items())


@pytest.mark.parametrize("parent", ["iid_iso", "indep_aniso"])
def test_densepose_s_checkpoints_have_the_same_names(parent):
    names = v1convx_names(16, CHANNELS, 2) | predictor_names(CHANNELS, 2, parent)
    generator = torch.Generator().manual_seed(0)
    published = {f"roi_heads.{k}": torch.randn(s, generator=generator) for k, s in names.items()}
    found = with_shared_variance(published, VARIANCE)
    expected = {k for k in heads("full").state_dict() if k.startswith("densepose_")}
    assert set(found) == {f"roi_heads.{k}" for k in expected}


def test_no_shared_error_is_the_smallest_that_a_softplus_makes():
    parent = heads("indep_aniso")
    full = heads("full")
    full.load_state_dict(with_shared_variance(parent.state_dict(), torch.zeros(25)))
    shared = maps_of(full, torch.randn(1, CHANNELS, 4, 4)).shared_covariance
    expected = MIN_VARIANCE * torch.eye(2).expand(1, 25, 2, 2)
    torch.testing.assert_close(shared, expected, rtol=1e-4, atol=0)


def test_training_goes_on_from_them():
    independent, full = heads("indep_aniso"), heads("full")
    full.load_state_dict(with_shared_variance(independent.state_dict(), VARIANCE))
    predictor = full.densepose_predictor
    maps = predictor.chart_maps(predictor(torch.rand(2, CHANNELS, 4, 4)))
    maps.shared_covariance.sum().backward()
    assert (predictor.shared_variance.weight.grad != 0).all()


@pytest.mark.parametrize(
    ("parent", "complaint"),
    [("mse", "no variance"), ("full", "already"), ("full_similarity", "already")],
)
def test_other_models_are_refused(parent, complaint):
    with pytest.raises(NotIndependentError, match=complaint):
        with_shared_variance(heads(parent).state_dict(), VARIANCE)


@pytest.mark.parametrize("source", ["box", "part", "points"])
def test_a_shared_error_is_found_wherever_it_comes_from(source):
    key = "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.SHARED_FROM"
    weights = make_model(make_config("full", key, source)).state_dict()
    with pytest.raises(NotIndependentError, match="already"):
        with_shared_variance(weights, VARIANCE)


def test_a_value_is_needed_for_each_chart():
    with pytest.raises(ValueError, match="expected 25 shared variances, not 24"):
        with_shared_variance(heads("iid_iso").state_dict(), VARIANCE[1:])


def test_a_whole_model_loads_them():
    parent, full = make_model(make_config("iid_iso")), make_model(make_config("full"))
    full.load_state_dict(with_shared_variance(parent.state_dict(), VARIANCE), strict=True)
