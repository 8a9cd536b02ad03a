"""Losses as functions of tensors, which need no event storage, against loops in float64."""

import pytest
import torch
from torch.distributions import MultivariateNormal

from tests.model_factory import make_config
from uncertain_densepose.modeling.charts_at_points import ChartsAtPoints
from uncertain_densepose.modeling.losses import REDUCTIONS, part_loss, segmentation_loss, uv_loss
from uncertain_densepose.modeling.noise_models import build_noise_model
from uncertain_densepose.modeling.segmentation_logits import SegmentationLogits

BOXES, POINTS, CHARTS = 3, 40, 25


def normal(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()


def assert_same(found, expected, leaves):
    """The same scalars and the same gradients."""
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad(value, leaves) for value in (found, expected)]
    for mine, twin in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, twin)


@pytest.mark.parametrize("shared_from_points", [False, True])
def test_uv_loss_is_the_joint_density_of_each_chart_of_a_box(shared_from_points):
    model = build_noise_model(make_config("full"))
    fields = {name: normal(POINTS, CHARTS, seed=k) for k, name in enumerate(model.point_fields)}
    shared = normal(POINTS if shared_from_points else BOXES, CHARTS, seed=7)
    u, v = normal(POINTS, CHARTS, seed=30), normal(POINTS, CHARTS, seed=31)
    target = normal(POINTS, 2, seed=32)
    named = {"shared_variance": shared}
    generator = torch.Generator().manual_seed(2)
    box = torch.randint(0, BOXES, (POINTS,), generator=generator)
    part = torch.randint(1, 4, (POINTS,), generator=generator)
    found = ChartsAtPoints(
        coarse_segm=SegmentationLogits(torch.zeros(BOXES, 2, 4, 4)),
        fine_segm=torch.zeros(POINTS, CHARTS),
        u=u,
        v=v,
        point_logits=fields | named if shared_from_points else fields,
        shared_logits={} if shared_from_points else named,
    )
    points = found.in_parts(box, part, model.shared_fields)
    loss = uv_loss(points, target, model, anchor_weight=0.3)

    expected = 0.0
    for b in range(BOXES):
        for c in range(1, 4):
            members = ((box == b) & (part == c)).nonzero()[:, 0]
            raw = {name: values[members, c] for name, values in fields.items()}
            raw["shared_variance"] = (
                shared[members, c].mean() if shared_from_points else shared[b, c]
            )
            parameters = model.parameters(raw)
            count = len(members)
            covariance = parameters["shared_covariance"].repeat(count, count)
            own = parameters["variance"][:, None, None] * torch.eye(2, dtype=torch.float64)
            r = parameters["direction"].T
            own = own + r[:, :, None] * r[:, None, :]
            covariance = covariance + torch.block_diag(*own)
            mean = torch.stack([u[members, c], v[members, c]], dim=-1)
            joint = MultivariateNormal(mean.flatten(), covariance)
            squared = (target[members] - mean).square().sum() / (2 * model.reference_variance)
            expected = expected + 0.3 * squared - joint.log_prob(target[members].flatten())
    assert points.num_groups == 9 and points.group.max() == 8
    assert_same(loss, expected, [u, v, target, shared, *fields.values()])


def test_part_loss_is_the_sum_over_points():
    scores = normal(POINTS, CHARTS, seed=0)
    part = torch.randint(1, CHARTS, (POINTS,), generator=torch.Generator().manual_seed(1))
    expected = sum(-scores[p].softmax(dim=0)[part[p]].log() for p in range(POINTS))
    assert_same(part_loss(scores, part), expected, [scores])


def test_segmentation_loss_is_the_sum_over_cells():
    scores = normal(2, 15, 3, 3, seed=0)
    target = torch.randint(0, 15, (2, 3, 3), generator=torch.Generator().manual_seed(1))
    expected = sum(
        -scores[r, :, y, x].softmax(dim=0)[target[r, y, x]].log()
        for r in range(2)
        for y in range(3)
        for x in range(3)
    )
    assert_same(segmentation_loss(scores, target), expected, [scores])


@pytest.mark.parametrize(
    ("reduction", "expected"), [("sum", (1, 40, 90)), ("mean", (40, 40, 90))], ids=str
)
def test_what_sums_are_divided_by(reduction, expected):
    device = torch.device("cpu")
    assert tuple(map(float, REDUCTIONS[reduction](40, 90, device))) == expected
    assert tuple(map(float, REDUCTIONS[reduction](0, 0, device))) == (1, 1, 1)
