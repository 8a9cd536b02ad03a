"""The sources of a group's shared variance."""

import pytest
import torch
from detectron2.utils.events import EventStorage
from torch.nn import functional as F

from tests.model_factory import make_config, make_input, make_model, make_points
from uncertain_densepose.config import ConfigError
from uncertain_densepose.distributions.grouping import group_mean
from uncertain_densepose.modeling.shared_fields import SHARED_SOURCES, chart_mean

SHARED_FROM = "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.SHARED_FROM"
CHARTS = 25


def test_group_mean_is_the_mean_of_each_group():
    values = torch.tensor([1.0, 10.0, 3.0, 20.0, 5.0], dtype=torch.float64)
    group = torch.tensor([0, 1, 0, 1, 2])
    expected = torch.tensor([2.0, 15.0, 5.0], dtype=torch.float64)
    torch.testing.assert_close(group_mean(values, group, 3), expected)
    assert group_mean(values[:0], group[:0], 0).shape == (0,)


@pytest.mark.parametrize("coarse_channels", [2, 15])
def test_chart_mean_weighs_cells_by_the_probability_of_the_chart(coarse_channels):
    torch.manual_seed(0)
    maps, fine = 3 * torch.randn(2, 2, 5, 4, 4)
    coarse = torch.randn(2, coarse_channels, 4, 4)
    found = chart_mean(maps, fine, coarse)
    for box in range(2):
        for chart in range(5):
            total = weights = 0.0
            for y in range(4):
                for x in range(4):
                    person = 1 - F.softmax(coarse[box, :, y, x].double(), dim=0)[0]
                    weight = person * F.softmax(fine[box, :, y, x].double(), dim=0)[chart]
                    total += weight * maps[box, chart, y, x]
                    weights += weight
            torch.testing.assert_close(found[box, chart], (total / weights).float())


def test_chart_mean_of_a_chart_that_is_nowhere_likely_is_finite():
    fine = torch.zeros(1, 3, 2, 2)
    fine[:, 2] = -90.0
    maps = torch.arange(12.0).reshape(1, 3, 2, 2)
    found = chart_mean(maps, fine, torch.zeros(1, 2, 2, 2))
    torch.testing.assert_close(found, maps.mean(dim=(2, 3)))


@pytest.mark.parametrize("source", SHARED_SOURCES)
def test_every_source_trains_and_predicts(source):
    model = make_model(make_config("full", SHARED_FROM, source))
    with EventStorage(0):
        losses = model.train()([make_input([make_points(40)])])
    sum(losses.values()).backward()
    predictor = model.roi_heads.densepose_predictor
    layer = "shared_variance_lowres" if source == "points" else "shared_variance"
    assert getattr(predictor, layer).bias.grad.any()
    maps = predictor.chart_maps(predictor(torch.randn(3, 16, 14, 14)))
    assert maps.shared_covariance.shape == (3, CHARTS, 2, 2)
    start = 0.25 * predictor.noise_model.reference_variance
    variance = maps.shared_covariance[..., 0, 0]
    torch.testing.assert_close(variance, torch.full_like(variance, start), rtol=0.02, atol=0)


def test_a_constant_of_a_part_is_the_same_for_all_boxes():
    predictor = make_model(make_config("full", SHARED_FROM, "part")).roi_heads.densepose_predictor
    torch.nn.init.normal_(predictor.shared_variance.bias)
    shared = predictor(torch.randn(3, 16, 14, 14)).shared_logits["shared_variance"]
    assert shared[0].equal(shared[2]) and shared[0].unique().numel() == CHARTS


def test_points_of_a_group_give_their_mean_logit_to_the_loss():
    model = make_model(make_config("full", SHARED_FROM, "points"))
    predictor, loss = model.roi_heads.densepose_predictor, model.roi_heads.densepose_loss
    torch.nn.init.normal_(predictor.shared_variance_lowres.weight)
    seen = {}

    def record(mean_uv, target_uv, logits, group):
        seen.update(logits, group=group, mean_uv=mean_uv)
        return mean_uv.sum()

    loss.noise_model.loss = record
    points = {}
    read = type(predictor(torch.zeros(0, 16, 14, 14))).at_points

    class Charts:
        def at_points(self, box, position):
            points["found"] = read(self.charts, box, position)
            return points["found"]

    instances = make_input([make_points(40)])["instances"]
    instances.proposal_boxes = instances.gt_boxes
    charts = Charts()
    charts.charts = predictor(torch.randn(1, 16, 14, 14))
    with EventStorage(0):
        loss([instances], charts)
    part = instances.gt_densepose.people[0].part
    at_points = points["found"].point_logits["shared_variance"]
    for group in seen["group"].unique():
        members = seen["group"] == group
        chart = part[members].unique().item()
        expected = at_points[members, chart].mean()
        torch.testing.assert_close(seen["shared_variance"][group], expected)


def test_an_unknown_source_is_named_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"SHARED_FROM is 'image'.*'box', 'part', 'points'"):
        make_model(make_config("full", SHARED_FROM, "image"))
