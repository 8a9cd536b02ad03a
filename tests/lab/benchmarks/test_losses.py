"""The benchmark of the losses: contestants compute the same, and every promised row is there."""

import pytest
import torch

from lab.benchmarks.batches import random_points
from lab.benchmarks.branch import make_noise_model, make_predictor
from lab.benchmarks.losses import LOSS_CHANNELS, coordinate_loss_step, density_steps, loss_tables
from lab.benchmarks.torch_normals import dense_normal, low_rank_normal
from uncertain_densepose.distributions import PartCorrelatedUV

CPU = torch.device("cpu")
SIZES = (200, 400)


def test_a_batch_has_groups_of_one_size_mixed_within_people():
    batch = random_points(480, 10, CPU)
    assert batch.group.bincount().tolist() == [10] * 48
    assert batch.group[batch.by_group].equal(torch.arange(48)[:, None].expand(48, 10))
    # A person has one group of each of 24 charts, annotated in no order.
    first, second = batch.group.view(2, 240)
    assert set(first.tolist()) == set(range(24)) and set(second.tolist()) == set(range(24, 48))
    assert not first.equal(first.sort().values)


@pytest.mark.parametrize("family", [dense_normal, low_rank_normal])
def test_normals_of_torch_have_the_density_of_the_joint_model(family):
    batch = random_points(60, 6, CPU)
    mean, variance, direction, shared, target = (
        x.detach().double() for x in (*batch.leaves(), batch.target_uv)
    )
    index = batch.by_group
    normal = family(mean[index], variance[index], direction[index], shared)
    expected = PartCorrelatedUV(mean, variance, direction, shared, batch.group).log_prob(target)
    torch.testing.assert_close(normal.log_prob(target[index].flatten(1)), expected)


def test_all_joint_contestants_have_one_gradient():
    steps = density_steps(random_points(120, 10, CPU))
    expected = steps["full"]()
    assert all(gradient.any() for gradient in expected)
    for name in ("low rank", "dense"):
        for found, gradient in zip(steps[name](), expected, strict=True):
            torch.testing.assert_close(
                found, gradient, rtol=1e-4, atol=1e-5 * gradient.abs().max().item()
            )


def test_the_coordinate_loss_reaches_features_and_every_field_of_coordinates():
    step = coordinate_loss_step("full", 2, 24, 7, CPU)
    features, *parameters = step()
    assert features.shape == (2, LOSS_CHANNELS, 7, 7) and features.any()
    predictor = make_predictor(make_noise_model("full"), LOSS_CHANNELS)
    reached = [
        name
        for (name, _), gradient in zip(predictor.named_parameters(), parameters, strict=True)
        if gradient is not None and gradient.any()
    ]
    layers = {name.split(".")[0] for name in reached}
    assert layers == {
        "u_lowres", "v_lowres", "sigma_2_lowres", "kappa_u_lowres", "kappa_v_lowres",
        "shared_variance",
    }  # fmt: skip


def test_tables_have_a_row_for_every_size_and_contestant():
    tables = loss_tables(repeats=1, sizes=SIZES, pooled_side=4)
    small, large, loss, growth = tables.values()
    four = ["indep_aniso", "full", "low rank", "dense"]
    assert [(row["points"], row["contestant"]) for row in small] == [
        (size, name) for size in SIZES for name in four
    ]
    # Dense matrices of groups of a hundred are left out at the largest size.
    assert [(row["points"], row["contestant"]) for row in large] == [(200, name) for name in four]
    assert [(row["points"], row["contestant"]) for row in loss] == [
        (size, name) for size in SIZES for name in ("indep_aniso", "full")
    ]
    for row in small + large + loss:
        assert 0 < row["ms"] <= row["median ms"]
        assert row["ns a point"] == pytest.approx(1e6 * row["ms"] / row["points"])
        reference = {"indep_aniso": "/ indep_aniso", "full": "/ full"}.get(row["contestant"])
        assert reference is None or row[reference] == 1
    assert growth[0].keys() == {"what", "contestant", "200 points", "400 points"}
    assert len(growth) == 10
