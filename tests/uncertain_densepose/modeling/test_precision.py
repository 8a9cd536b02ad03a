"""Half precision: features may have it, losses do not."""

import pytest
import torch
from detectron2.utils.events import EventStorage

from tests.model_factory import NOISE_MODELS, make_config, make_input, make_model, make_points
from uncertain_densepose.modeling.charts_at_points import ChartsAtPoints
from uncertain_densepose.modeling.point_labels import select_labelled
from uncertain_densepose.modeling.segmentation_logits import SegmentationLogits

LOSSES = ("loss_densepose_UV", "loss_densepose_I", "loss_densepose_S")
HALF = (torch.bfloat16, torch.float16)


def losses_of(model, dtype):
    """Losses of a training step with autocast to a type, and the gradients of the branch."""
    torch.manual_seed(0)
    model.zero_grad()
    batch = [make_input([make_points(30)]), make_input([None, make_points(9, seed=1)], seed=1)]
    with EventStorage(0), torch.autocast("cpu", dtype, enabled=dtype is not torch.float32):
        losses = model.train()(batch)
        total = sum(losses.values())
    total.backward()
    gradients = [p.grad for p in model.roi_heads.densepose_predictor.parameters()]
    return {name: losses[name] for name in LOSSES}, gradients


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("name", NOISE_MODELS)
def test_losses_under_autocast_are_float32_and_near_those_without(name, dtype):
    model = make_model(make_config(name))
    expected, _ = losses_of(model, torch.float32)
    found, gradients = losses_of(model, dtype)
    for key in LOSSES:
        assert found[key].dtype == torch.float32
        # Features of eight bits: a percent or two.
        torch.testing.assert_close(found[key], expected[key], rtol=0.03, atol=0.03)
    assert all(g is not None and g.isfinite().all() for g in gradients)


class ExtremeCharts:
    """Charts whose variances are at their lower bound and whose coordinates are far off."""

    def __init__(self, model, dtype):
        self.noise = model.roi_heads.densepose_predictor.noise_model
        self.dtype = dtype
        self.raw = []

    def at_points(self, box, position):
        def extreme(value, *shape):
            self.raw.append(torch.full(shape, value, dtype=self.dtype, requires_grad=True))
            return self.raw[-1]

        def values(rows, value):
            return extreme(value, rows, 25).float()

        raw = {"sigma_2": -80.0, "kappa_u": 30.0, "kappa_v": -30.0, "shared_variance": -80.0}
        return ChartsAtPoints(
            coarse_segm=SegmentationLogits(extreme(200.0, 1, 2, 28, 28)),
            fine_segm=values(len(box), -200.0),
            u=values(len(box), 60.0),
            v=values(len(box), -60.0),
            point_logits={key: values(len(box), raw[key]) for key in self.noise.point_fields},
            shared_logits={key: extreme(raw[key], 1, 25) for key in self.noise.shared_fields},
        )


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("name", NOISE_MODELS)
def test_extreme_outputs_in_half_precision_give_finite_losses_and_gradients(name, dtype):
    model = make_model(make_config(name))
    instances = make_input([make_points(40)])["instances"]
    instances.proposal_boxes = instances.gt_boxes
    proposals = select_labelled([instances], 0.5)
    charts = ExtremeCharts(model, dtype)
    with EventStorage(0), torch.autocast("cpu", dtype):
        losses = model.roi_heads.densepose_loss(proposals, charts)
    assert all(loss.isfinite() and loss.dtype == torch.float32 for loss in losses.values())
    # A squared error of 60 chart units over the smallest variance is beyond float16.
    if name in ("mse", "iid_iso", "indep_aniso", "full"):
        assert losses["loss_densepose_UV"] > torch.finfo(torch.float16).max / 1e3
    gradients = torch.autograd.grad(sum(losses.values()), charts.raw)
    if dtype is torch.bfloat16:  # float16 itself overflows, which a gradient scaler handles
        assert all(gradient.isfinite().all() for gradient in gradients)
