"""The model whose shared error turns and scales a part, through training and inference."""

import pytest
import torch
from detectron2.structures import Instances
from detectron2.utils.events import EventStorage

from tests.model_factory import SIDE, make_config, make_input, make_model, make_points
from tests.uncertain_densepose.distributions.dense_twin import dense_log_prob
from tests.uncertain_densepose.inference.people_factory import flat_metric
from uncertain_densepose.distributions import similarity_basis
from uncertain_densepose.inference import Predictor

SHARED = ("shared_variance", "shared_rotation_variance", "shared_scale_variance")


@pytest.fixture(scope="module")
def model():
    return make_model(make_config("full_similarity"))


def train(model, points):
    model.train()
    model.zero_grad()
    with EventStorage(0):
        losses = model([make_input([points])])
    sum(losses.values()).backward()
    return losses


def test_a_training_step_teaches_every_shared_variance(model):
    losses = train(model, make_points(60))
    assert all(loss.isfinite() for loss in losses.values())
    predictor = model.roi_heads.densepose_predictor
    for parameter in predictor.parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all()
    for name in SHARED:
        assert getattr(predictor, name).bias.grad.any()


@pytest.mark.parametrize("source", ["part", "points"])
def test_its_shared_variances_may_come_from_elsewhere(source):
    key = "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.SHARED_FROM"
    model = make_model(make_config("full_similarity", key, source))
    assert all(loss.isfinite() for loss in train(model, make_points(60)).values())
    gradients = [p.grad for p in model.roi_heads.densepose_predictor.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


def test_points_of_parts_seen_once_teach_no_rotation(model):
    points = make_points(1)
    train(model, points)
    predictor = model.roi_heads.densepose_predictor
    rotation, scale = (getattr(predictor, name).bias.grad for name in SHARED[1:])
    assert not rotation.any() and not scale.any()
    assert predictor.shared_variance.bias.grad[points.part].all()


def test_the_loss_is_the_dense_normal_of_what_inference_predicts():
    # With labels where inference reads them, and boxes that are known to be the annotated ones.
    cfg = make_config(
        "full_similarity",
        *("MODEL.ROI_DENSEPOSE_HEAD.UV_REDUCTION", "sum"),
        *("MODEL.ROI_DENSEPOSE_HEAD.POINT_REGRESSION_WEIGHTS", 1.0),
        *("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.MSE_ANCHOR_WEIGHT", 0.0),
        *("MODEL.ROI_DENSEPOSE_HEAD.POINT_CONVENTION", "aligned"),
    )
    heads = make_model(cfg).roi_heads
    for parameter in heads.densepose_predictor.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    # Training interpolates raw variances and inference positive ones: they agree where it is even.
    torch.nn.init.zeros_(heads.densepose_predictor.sigma_2_lowres.weight)
    annotated = make_points(40)
    record = make_input([annotated])
    instances = record["instances"]
    instances.proposal_boxes = instances.gt_boxes
    features = torch.randn(1, 16, 14, 14)
    with EventStorage(0), torch.no_grad():
        charts = heads.densepose_predictor(features)
        loss = heads.densepose_loss([instances], charts)["loss_densepose_UV"]
        maps = heads.densepose_predictor.chart_maps(charts).to(torch.float64)
    assert maps.shared_covariance.shape == (1, 25, 4, 4)

    box = torch.zeros(40, dtype=torch.int64)
    points = maps.sample(box, annotated.xy.double() / 255, annotated.part)
    part, group = torch.unique(annotated.part, return_inverse=True)
    basis = similarity_basis(points.mean_uv, group, len(part))
    nats = dense_log_prob(
        annotated.uv.double(),
        *(points.mean_uv, points.variance, points.direction),
        *(maps.shared_covariance[0, part], group, basis),
    )
    torch.testing.assert_close(loss.double(), -nats, rtol=1e-5, atol=0)


def test_people_have_a_spread_in_centimetres(model):
    cfg = make_config("full_similarity", "INPUT.MIN_SIZE_TEST", SIDE)
    predictor = Predictor.from_model(cfg, model, flat_metric())
    image = torch.randint(0, 256, (SIDE, SIDE, 3), dtype=torch.uint8).numpy()
    (person,) = predictor.predict_boxes(image, [[4.0, 6, 60, 90]])
    assert person.maps.shared_covariance.shape == (1, 25, 4, 4)
    shown = person.part > 0
    assert shown.any()
    assert (person.sigma_cm[shown] > 0).all()


def test_no_boxes_have_no_shared_covariance(model):
    nobody = Instances((SIDE, SIDE))
    nobody.pred_boxes = Instances.cat([make_input([None])["instances"]]).gt_boxes[:0]
    nobody.pred_classes = torch.zeros(0, dtype=torch.int64)
    model.eval()
    with torch.no_grad():
        (output,) = model.inference([make_input([])], detected_instances=[nobody])
    assert output["instances"].pred_densepose.shared_covariance.shape == (0, 25, 4, 4)
