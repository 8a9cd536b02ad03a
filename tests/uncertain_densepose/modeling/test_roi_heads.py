"""The whole model: the same losses whatever a batch holds, and predictions for every box."""

import pytest
import torch
from detectron2.structures import Boxes, Instances
from detectron2.utils.events import EventStorage

from tests.model_factory import NOISE_MODELS, SIDE, make_config, make_input, make_model, make_points
from uncertain_densepose.config import ConfigError
from uncertain_densepose.modeling.chart_predictor import NoiseModelMismatch
from uncertain_densepose.structures import PointAnnotations

LOSSES = {"loss_densepose_UV", "loss_densepose_I", "loss_densepose_S"}


def train_step(model, batch, iteration=0):
    model.train()
    with EventStorage(iteration) as storage:
        losses = model(batch)
        sum(losses.values()).backward()
        return losses, {name: value[0] for name, value in storage.latest().items()}


@pytest.fixture(scope="module")
def full_model():
    return make_model(make_config("full"))


@pytest.mark.parametrize("name", NOISE_MODELS)
def test_every_noise_model_trains_and_predicts(name):
    model = make_model(make_config(name))
    losses, _ = train_step(model, [make_input([make_points(30)]), make_input([make_points(9)])])
    assert set(losses) > LOSSES
    assert all(loss.isfinite() for loss in losses.values())
    gradients = [p.grad for p in model.roi_heads.densepose_predictor.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)

    given = Instances((SIDE, SIDE))
    given.pred_boxes = Boxes(torch.tensor([[4.0, 6, 34, 90], [1.0, 1, 60, 60]]))
    given.pred_classes = torch.zeros(2, dtype=torch.int64)
    model.eval()
    with torch.no_grad():
        (output,) = model.inference([make_input([])], detected_instances=[given])
    maps = output["instances"].pred_densepose
    assert len(maps) == 2
    assert maps.u.shape == (2, 25, 56, 56)
    assert (maps.variance is not None) == (name in ("iid_iso", "indep_aniso", "full"))
    assert (maps.direction is not None) == (name in ("indep_aniso", "full"))
    assert (maps.shared_covariance is not None) == (name == "full")


OUTSIDE = PointAnnotations(
    xy=torch.full((3, 2), 400.0), part=torch.tensor([1, 2, 3]), uv=torch.rand(3, 2)
)


@pytest.mark.parametrize(
    "people",
    [[], [None], [make_points(0)], [OUTSIDE], [None, make_points(5)]],
    ids=["nobody", "no labels", "no points", "points outside the box", "one of two labelled"],
)
def test_any_batch_gives_the_same_finite_losses_for_every_parameter(full_model, people):
    full_model.zero_grad()
    losses, logged = train_step(full_model, [make_input(people)])
    assert set(losses) > LOSSES
    assert all(loss.isfinite() for loss in losses.values())
    assert "densepose/num_boxes" in logged and "densepose/num_points" in logged
    has_points = logged["densepose/num_points"] > 0
    assert logged["densepose/num_skipped_batches"] == (not has_points)
    assert ("densepose/group_error_uv" in logged) == has_points
    assert ("densepose/within_error_uv" in logged) == has_points
    for parameter in full_model.roi_heads.densepose_predictor.parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all()


def test_an_image_without_detections_has_an_empty_prediction(full_model):
    full_model.eval()
    threshold = full_model.roi_heads.box_predictor.test_score_thresh
    full_model.roi_heads.box_predictor.test_score_thresh = 1.1
    with torch.no_grad():
        (output,) = full_model([make_input([])])
    full_model.roi_heads.box_predictor.test_score_thresh = threshold
    assert len(output["instances"]) == 0
    assert len(output["instances"].pred_densepose) == 0


def test_the_warm_start_leaves_the_noise_untrained():
    cfg = make_config("full", "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.WARM_START_ITERS", 5)
    model = make_model(cfg)
    predictor = model.roi_heads.densepose_predictor
    for iteration, trained in ((4, False), (5, True)):
        model.zero_grad()
        train_step(model, [make_input([make_points(20)])], iteration)
        for layer in (predictor.sigma_2_lowres, predictor.shared_variance):
            assert bool(layer.bias.grad.any()) == trained
        assert predictor.u_lowres.bias.grad.any()


def test_the_mean_reduction_does_not_depend_on_the_number_of_points():
    few, many = make_points(10), make_points(10)
    many = PointAnnotations(many.xy.repeat(3, 1), many.part.repeat(3), many.uv.repeat(3, 1))
    key = "MODEL.ROI_DENSEPOSE_HEAD.UV_REDUCTION"
    ratio = {}
    for reduction in ("mean", "sum"):
        model = make_model(make_config("iid_iso", key, reduction))
        loss = []
        for people in (few, many):
            torch.manual_seed(0)
            losses, _ = train_step(model, [make_input([people])])
            loss.append(losses["loss_densepose_UV"].item())
        ratio[reduction] = loss[1] / loss[0]
    assert ratio["mean"] == pytest.approx(1, rel=1e-4)
    assert ratio["sum"] == pytest.approx(3, rel=1e-4)


def test_state_dict_keeps_the_names_of_densepose():
    cfg = make_config("indep_aniso", "MODEL.ROI_DENSEPOSE_HEAD.DECODER_ON", True)
    state = make_model(cfg).roi_heads.state_dict()
    dense = {
        key
        for key in state
        if key.split(".")[0] in ("densepose_head", "densepose_predictor", "decoder")
    }
    fields = ["ann_index", "index_uv", "u", "v", "sigma_2", "kappa_u", "kappa_v"]
    layers = [f"densepose_head.body_conv_fcn{i}" for i in (1, 2)]
    layers += [f"densepose_predictor.{field}_lowres" for field in fields]
    layers += ["decoder.p2.0", "decoder.p3.0", "decoder.p4.0", "decoder.p4.2", "decoder.predictor"]
    layers += [f"decoder.p5.{i}" for i in (0, 2, 4)]
    assert dense == {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
    assert state["densepose_predictor.u_lowres.weight"].shape == (16, 25, 4, 4)


def test_weights_of_another_noise_model_are_refused():
    weights = make_model(make_config("iid_iso")).state_dict()
    with pytest.raises(
        NoiseModelMismatch, match=r"\['sigma_2_lowres\.\S+ \S+\], .*Full.*shared_variance"
    ):
        make_model(make_config("full")).load_state_dict(weights, strict=False)


def test_weights_without_dense_pose_load_into_any_model():
    """They replace the backbone and leave the rest, whatever the noise model."""
    weights = make_model(make_config("full"), seed=1).backbone.state_dict()
    model = make_model(make_config("iid_iso"))
    before = {name: values.clone() for name, values in model.state_dict().items()}
    found = model.load_state_dict({f"backbone.{k}": v for k, v in weights.items()}, strict=False)
    assert found.unexpected_keys == []
    after = model.state_dict()
    assert set(found.missing_keys) == {name for name in after if not name.startswith("backbone.")}
    for name, values in after.items():
        expected = weights.get(name.removeprefix("backbone."), before[name])
        assert torch.equal(values, expected), name
    assert not all(torch.equal(after[name], before[name]) for name in after)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("HEATMAP_SIZE", 112),
        ("UV_REDUCTION", "median"),
        ("POINT_CONVENTION", "left"),
        ("NUM_COARSE_SEGM_CHANNELS", 15),
        ("UV_CONFIDENCE.BETA", 1.5),
    ],
)
def test_config_errors_name_the_key(key, value):
    cfg = make_config("full", f"MODEL.ROI_DENSEPOSE_HEAD.{key}", value)
    with pytest.raises(ConfigError, match=key.split(".")[0]):
        make_model(cfg)


def test_the_branch_can_be_switched_off():
    model = make_model(make_config("full", "MODEL.DENSEPOSE_ON", False))
    losses, _ = train_step(model, [make_input([None])])
    assert not LOSSES & set(losses)


def test_the_fused_transposed_convolution_equals_the_single_layers():
    predictor = make_model(make_config("full")).roi_heads.densepose_predictor
    features = torch.randn(3, 16, 5, 5)
    maps_by_name = predictor(features).maps()
    fields = {"ann_index", "index_uv", "u", "v", "sigma_2", "kappa_u", "kappa_v"}
    assert set(maps_by_name) == fields
    for name, maps in maps_by_name.items():
        expected = getattr(predictor, f"{name}_lowres")(features)
        torch.testing.assert_close(maps, expected, msg=name)
