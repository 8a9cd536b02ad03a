"""The benchmark of predictor and losses: the dense twin computes the same, with more memory."""

import pytest
import torch

from lab.benchmarks.batches import NUM_CHARTS, random_proposals
from lab.benchmarks.branch import make_noise_model, make_predictor
from lab.benchmarks.head import (
    COMPARED_MODELS,
    head_rows,
    largest_difference,
    losses_and_gradients,
    make_routes,
)

BOXES, CHANNELS, SIDE, POINTS = 3, 8, 7, 40


@pytest.mark.parametrize("name", ["mse", "iid_iso", *COMPARED_MODELS])
def test_both_routes_have_the_same_losses_and_gradients(name):
    torch.manual_seed(0)
    features = torch.randn(BOXES, CHANNELS, SIDE, SIDE, requires_grad=True)
    part = torch.randint(1, NUM_CHARTS + 1, (BOXES, POINTS))
    predictor = make_predictor(make_noise_model(name), CHANNELS)
    leaves = {"features": features, **dict(predictor.named_parameters())}
    routes = make_routes(predictor, features, random_proposals(part, coarse=True))
    losses, gradients = losses_and_gradients(routes["point"], leaves)
    twin_losses, twin_gradients = losses_and_gradients(routes["dense"], leaves)
    assert losses.keys() == twin_losses.keys()
    assert all(loss.item() > 0 for key, loss in losses.items() if key != "loss_densepose_UV")
    assert all(gradient.any() for gradient in twin_gradients.values())
    assert largest_difference(losses, twin_losses) <= 1e-5
    assert largest_difference(gradients, twin_gradients) <= 1e-5


def test_largest_difference_is_relative_to_each_tensor():
    expected = {"a": torch.tensor([100.0, 1.0]), "b": torch.tensor([0.5])}
    found = {"a": torch.tensor([100.0, 2.0]), "b": torch.tensor([0.51])}
    assert largest_difference(found, expected) == pytest.approx(0.02)
    assert largest_difference(expected, expected) == 0


def test_rows_tell_that_the_point_route_needs_less_memory():
    rows = head_rows(repeats=1, boxes=2, channels=8, pooled_side=14, points=20)
    assert [(row["noise model"], row["route"]) for row in rows] == [
        (name, route) for name in COMPARED_MODELS for route in ("dense", "point")
    ]
    for dense, point in zip(rows[::2], rows[1::2], strict=True):
        assert dense["ms / dense"] == dense["peak / dense"] == dense["forward / dense"] == 1
        assert dense["loss difference"] == dense["gradient difference"] == 0
        assert point["ms / dense"] == pytest.approx(point["ms"] / dense["ms"])
        # Six fields of 25 charts, upsampled to 56 x 56.
        assert dense["forward MiB"] > 2 * 6 * 25 * 56**2 * 4 / 2**20
        assert point["forward / dense"] < 0.7 and point["peak / dense"] < 1
        assert max(point["loss difference"], point["gradient difference"]) <= 1e-5
