"""The joint model against the dense normal on random ragged batches: value and gradient."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.uncertain_densepose.distributions.dense_twin import (
    basis_of,
    dense_covariance,
    dense_log_prob,
    random_arguments,
)
from tests.uncertain_densepose.distributions.exact_twin import exact_density_and_gradients
from uncertain_densepose.distributions import PartCorrelatedUV

BATCHES = {
    "seed": st.integers(0, 2**31),
    "points": st.integers(1, 14),
    "groups": st.integers(1, 5),
    "basis": st.sampled_from(["offset", "similarity"]),
    "direction_scale": st.sampled_from([0.0, 0.01, 0.1]),
}
# A shared variance of 0, up to a few chart units²; then one that swamps everything else.
MODERATE = st.sampled_from([0.0, 1e-8, 1e-3, 0.1, 1.0])
HUGE = st.sampled_from([1e2, 1e4])
MANY = settings(max_examples=500, deadline=None, derandomize=True)


def relative(found, expected, floor):
    return ((found - expected).abs().max() / expected.abs().max().clamp_min(floor)).item()


def errors(basis, low, high, **batch):
    """Relative errors of the density and of its gradient in each argument."""
    (*floats, group), target = random_arguments(basis=basis, low=low, high=high, **batch)
    leaves, twins = ([x.clone().requires_grad_() for x in floats] for _ in range(2))
    groups = len(floats[-1])
    model = PartCorrelatedUV(*leaves, group, basis_of(basis, leaves[0], group, groups))
    found = model.log_prob(target)
    expected = dense_log_prob(target, *twins, group, basis_of(basis, twins[0], group, groups))
    assert found.shape == (groups,)
    found.sum().backward()
    expected.backward()
    worst = {"density": relative(found.sum(), expected, 1.0)}
    names = ("mean", "variance", "direction", "shared covariance")
    for name, leaf, twin in zip(names, leaves, twins, strict=True):
        slope, twin_slope = leaf.grad, twin.grad
        if name == "shared covariance":
            # Only the symmetric part of the gradient has meaning.
            slope, twin_slope = slope + slope.mT, twin_slope + twin_slope.mT
        assert slope.isfinite().all()
        worst[name] = relative(slope, twin_slope, 1e-6)
    return worst


@MANY
@given(shared_scale=MODERATE, **BATCHES)
def test_density_and_gradients_at_variances_of_labels(**batch):
    assert max(errors(low=-4, high=0, **batch).values()) <= 1e-9


@MANY
@given(shared_scale=MODERATE, **BATCHES)
def test_density_and_gradients_over_twelve_decades(**batch):
    worst = errors(low=-8, high=4, **batch)
    assert worst["density"] <= 1e-6
    # The dense twin sums all blocks to the gradient of the shared covariance, and loses more
    # digits than that; the test below compares with exact gradients. With a similarity basis four
    # shared numbers explain two points exactly, and the gradient with respect to a variance of
    # 1e-8 beside one of 1e4 has lost its digits here as well.
    if batch["basis"] == "offset":
        assert max(worst["mean"], worst["variance"], worst["direction"]) <= 1e-5


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    shared_scale=st.one_of(MODERATE, HUGE),
    **BATCHES | {"points": st.integers(1, 8), "basis": st.just("offset"), "groups": st.just(1)},
)
def test_no_digits_are_lost_even_where_the_dense_normal_loses_them(**batch):
    (mean, variance, direction, shared, group), target = random_arguments(low=-8, high=4, **batch)
    leaves = [x.clone().requires_grad_() for x in (mean, variance, direction, shared)]
    found = PartCorrelatedUV(*leaves, group).log_prob(target)
    found.sum().backward()
    density, *slopes = exact_density_and_gradients(target, mean, variance, direction, shared[0])
    assert found.item() == pytest.approx(density, rel=1e-9, abs=1e-9)
    for leaf, slope in zip(leaves, slopes, strict=True):
        assert relative(leaf.grad.view_as(slope), slope, 1e-12) <= 1e-6


@settings(max_examples=300, deadline=None, derandomize=True)
@given(shared_scale=MODERATE, **BATCHES)
def test_marginals_and_conditioning(basis, points, groups, seed, **scales):
    arguments, target = random_arguments(
        basis=basis, points=points, groups=groups, seed=seed, **scales
    )
    mean, *rest, group = arguments
    e = basis_of(basis, mean, group, groups)
    model = PartCorrelatedUV(*arguments, e)
    dense = dense_covariance(*rest, group, e)
    blocks = dense.view(points, 2, points, 2)[torch.arange(points), :, torch.arange(points)]
    torch.testing.assert_close(model.covariance(), blocks, rtol=1e-9, atol=1e-12)

    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(points, generator=generator)
    known, unknown = order[: points // 2], order[points // 2 :].sort().values
    posterior = model.condition(known, target[known])
    a = (2 * unknown[:, None] + torch.arange(2)).flatten()
    b = (2 * known[:, None] + torch.arange(2)).flatten()
    gain = torch.linalg.solve(dense[b][:, b], dense[b][:, a]).T
    residual = (target - mean).reshape(-1)
    expected_mean = mean.reshape(-1)[a] + gain @ residual[b]
    expected = dense[a][:, a] - gain @ dense[b][:, a]
    torch.testing.assert_close(posterior.mean.reshape(-1), expected_mean, rtol=1e-8, atol=1e-8)
    found = dense_covariance(
        posterior.variance_uv,
        posterior.direction,
        posterior.shared_covariance,
        posterior.group,
        None if posterior.is_offset else posterior.basis,
    )
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-8)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(shared_scale=st.one_of(MODERATE, HUGE), **BATCHES)
def test_float32_stays_near_float64(basis, groups, **batch):
    arguments, target = random_arguments(basis=basis, groups=groups, low=-8, high=4, **batch)
    *floats, group = [x if x.dtype == torch.int64 else x.float() for x in arguments]
    leaves = [x.clone().requires_grad_() for x in floats]
    found = PartCorrelatedUV(*leaves, group, basis_of(basis, leaves[0], group, groups))
    density = found.log_prob(target.float())
    density.sum().backward()
    assert density.isfinite().all()
    assert all(leaf.grad.isfinite().all() for leaf in leaves)

    # The residual is taken in the type of the mean: both see the same one.
    residual = (target.float() - floats[0]).double()
    wide = [x.double() for x in floats]
    e = basis_of(basis, floats[0], group, groups)
    reference = PartCorrelatedUV(*wide, group, None if e is None else e.double())
    expected = reference.log_prob(wide[0] + residual)
    torch.testing.assert_close(density.double(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("points", [1, 2000])
def test_one_point_or_thousands_in_one_group(points):
    arguments, target = random_arguments(3, points=points, groups=1)
    mean, variance, direction, shared, group = arguments
    found = PartCorrelatedUV(*arguments).log_prob(target)
    # The same group, point by point: each given those before it.
    expected, posterior = 0.0, PartCorrelatedUV(*arguments)
    step = max(1, points // 4)
    done = 0
    while done < points:
        head = slice(0, min(step, points - done))
        part = PartCorrelatedUV(
            posterior.mean_uv[head],
            posterior.variance_uv[head],
            posterior.direction[head],
            posterior.shared_covariance,
            posterior.group[head],
        )
        here = target[done : done + head.stop]
        expected = expected + part.log_prob(here)
        posterior = posterior.condition(torch.arange(head.stop), here)
        done += head.stop
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
