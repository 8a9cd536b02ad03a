"""The models against dense normals in float64; random batches are in `test_random_batches`."""

import math

import pytest
import torch

from tests.uncertain_densepose.distributions.dense_twin import (
    BASIS_SIZES,
    basis_of,
    dense_covariance,
    dense_log_prob,
    random_arguments,
)
from uncertain_densepose.distributions import AnisotropicUV, IsotropicUV, PartCorrelatedUV


@pytest.mark.parametrize("basis", BASIS_SIZES)
def test_the_joint_density_can_be_differentiated_twice(basis):
    (*floats, group), target = random_arguments(2, points=7, groups=3, low=-2, basis=basis)
    leaves = [x.clone().requires_grad_() for x in floats]

    def density(mean, variance, direction, shared):
        symmetric = 0.5 * (shared + shared.mT)
        return PartCorrelatedUV(mean, variance, direction, symmetric, group).log_prob(target)

    assert torch.autograd.gradcheck(density, leaves)
    assert torch.autograd.gradgradcheck(density, leaves)


def test_mahalanobis_terms_are_not_negative_and_match_the_dense_form():
    arguments, target = random_arguments(3, low=-8, high=-6)
    found = PartCorrelatedUV(*arguments).mahalanobis(target)
    delta = (target - arguments[0]).reshape(-1)
    covariance = dense_covariance(*arguments[1:])
    expected = delta @ torch.linalg.solve(covariance, delta)
    assert (found >= 0).all()
    torch.testing.assert_close(found.sum(), expected, rtol=1e-6, atol=0)


def test_vanishing_shared_covariance_gives_the_directional_model():
    (mean, variance, direction, shared, group), target = random_arguments(5)
    shared = torch.zeros_like(shared).requires_grad_()
    joint = PartCorrelatedUV(mean, variance, direction, shared, group).log_prob(target)
    independent = AnisotropicUV(mean, variance, direction).log_prob(target)
    torch.testing.assert_close(joint.sum(), independent.sum())
    joint.sum().backward()
    assert shared.grad.isfinite().all()


def test_huge_shared_covariance_stays_correct():
    (mean, variance, direction, shared, group), target = random_arguments(6)

    def log_prob(scale):
        flat = scale * torch.eye(2, dtype=torch.float64).expand_as(shared)
        return PartCorrelatedUV(mean, variance, direction, flat, group).log_prob(target)

    flat = 1e4 * torch.eye(2, dtype=torch.float64).expand_as(shared)
    dense = dense_log_prob(target, mean, variance, direction, flat, group)
    torch.testing.assert_close(log_prob(1e4).sum(), dense, rtol=1e-6, atol=0)
    # Beyond, where the dense form loses its digits: the density falls as 1 / sqrt |B| alone.
    occupied = torch.bincount(group, minlength=len(shared)) > 0
    drop = -math.log(1e12) * occupied.double()
    torch.testing.assert_close(log_prob(1e20) - log_prob(1e8), drop, rtol=1e-7, atol=1e-9)


def test_directional_model_equals_two_dimensional_normals():
    (mean, variance, direction, _, _), target = random_arguments(7)
    model = AnisotropicUV(mean, variance, direction)
    normal = torch.distributions.MultivariateNormal(mean, covariance_matrix=model.covariance())
    torch.testing.assert_close(model.log_prob(target), normal.log_prob(target))


def test_isotropic_constant_is_log_two_pi_a_point():
    model = IsotropicUV(torch.zeros(1, 2), torch.ones(1))
    assert model.log_prob(torch.zeros(1, 2)).item() == pytest.approx(-math.log(2 * math.pi))


@pytest.mark.parametrize("basis", BASIS_SIZES)
@pytest.mark.parametrize("sigma", [0.0, 0.01, 1.0])
def test_points_that_are_measured_with_noise_equal_the_dense_gaussian(basis, sigma):
    arguments, target = random_arguments(6, points=10, groups=3, basis=basis)
    model, index = PartCorrelatedUV(*arguments), torch.tensor([7, 0, 4])
    found = model.given_measured(index, target[index], sigma)
    mean, *rest, group = arguments
    prior = dense_covariance(*rest, group, model.basis)
    cells = (2 * index[:, None] + torch.arange(2)).flatten()
    noise = sigma**2 * torch.eye(len(cells), dtype=torch.float64)
    gain = prior[:, cells] @ torch.linalg.inv(prior[cells][:, cells] + noise)
    off = (target - mean).flatten()[cells]
    torch.testing.assert_close(found.mean_uv, mean + (gain @ off).view(-1, 2))
    dense = dense_covariance(
        found.variance_uv, found.direction, found.shared_covariance, group, found.basis
    )
    torch.testing.assert_close(dense, prior - gain @ prior[cells])


@pytest.mark.parametrize("basis", BASIS_SIZES)
def test_the_posterior_of_the_shared_error_is_that_of_a_linear_gaussian_model(basis):
    (mean, variance, direction, shared, group), target = random_arguments(3, basis=basis)
    model, sigma, index = PartCorrelatedUV(mean, variance, direction, shared, group), 0.2, [5, 1, 8]
    found = model.posterior(target[index], torch.tensor(index), sigma)
    for g in range(4):
        precision, evidence = torch.linalg.inv(shared[g]), torch.zeros(BASIS_SIZES[basis]).double()
        for i in (i for i in index if group[i] == g):
            own = variance[i] * torch.eye(2) + torch.outer(direction[i], direction[i])
            weighted = model.basis[i].T @ torch.linalg.inv(own + sigma**2 * torch.eye(2))
            precision = precision + weighted @ model.basis[i]
            evidence = evidence + weighted @ (target[i] - mean[i])
        covariance = torch.linalg.inv(precision)
        torch.testing.assert_close(found.covariance[g], covariance, rtol=1e-6, atol=1e-9)
        torch.testing.assert_close(found.mean[g], covariance @ evidence, rtol=1e-6, atol=1e-9)


def test_without_a_shared_error_the_points_are_those_of_the_directional_model():
    (mean, variance, direction, _, group), target = random_arguments(5)
    nothing = torch.zeros(4, 0, 0, dtype=torch.float64)
    joint = PartCorrelatedUV(mean, variance, direction, nothing, group)
    alone = AnisotropicUV(mean, variance, direction)
    torch.testing.assert_close(joint.log_prob(target).sum(), alone.log_prob(target).sum())
    torch.testing.assert_close(joint.covariance(), alone.covariance())
    assert joint.rsample().shape == (12, 2)


@pytest.mark.parametrize("basis", BASIS_SIZES)
def test_the_size_of_the_shared_covariance_says_in_which_basis_it_is(basis):
    arguments, target = random_arguments(4, basis=basis)
    found = PartCorrelatedUV(*arguments)
    named = PartCorrelatedUV(*arguments, basis_of(basis, arguments[0], arguments[-1], 4))
    torch.testing.assert_close(found.log_prob(target), named.log_prob(target))
    torch.testing.assert_close(found.covariance(), named.covariance())
    assert found.is_offset == (basis == "offset")


def test_another_size_needs_a_basis():
    (mean, variance, direction, shared, group), target = random_arguments(4, basis="similarity")
    three = shared[:, :3, :3]
    with pytest.raises(ValueError, match=r"\(0, 2, 4\) wide, not 3"):
        PartCorrelatedUV(mean, variance, direction, three, group)
    turning = basis_of("similarity", mean, group, 4)[..., :3]
    found = PartCorrelatedUV(mean, variance, direction, three, group, turning)
    dense = dense_log_prob(target, mean, variance, direction, three, group, turning)
    torch.testing.assert_close(found.log_prob(target).sum(), dense)


@pytest.mark.parametrize("basis", BASIS_SIZES)
def test_independent_points_keep_their_marginals_and_lose_all_correlation(basis):
    arguments, target = random_arguments(8, basis=basis)
    joint = PartCorrelatedUV(*arguments)
    found = joint.independent_points()
    torch.testing.assert_close(found.covariance(), joint.covariance())
    normal = torch.distributions.MultivariateNormal(joint.mean_uv, joint.covariance())
    torch.testing.assert_close(found.log_prob(target), normal.log_prob(target))
    again = found.condition(torch.tensor([2]), target[[2]])
    rest = torch.arange(12) != 2
    torch.testing.assert_close(again.mean_uv, joint.mean_uv[rest])


def test_samples_have_the_covariance_of_the_model():
    arguments, _ = random_arguments(9, points=5, groups=2)
    torch.manual_seed(0)
    draws = PartCorrelatedUV(*arguments).rsample(torch.Size([200_000])).reshape(200_000, -1)
    expected = dense_covariance(*arguments[1:])
    scale = expected.diagonal().sqrt()
    error = (torch.cov(draws.T) - expected) / (scale[:, None] * scale[None, :])
    assert error.abs().max() < 0.02


def test_nothing_in_nothing_out():
    empty = torch.zeros(0, 2)
    none = torch.zeros(0)
    group = torch.zeros(0, dtype=torch.int64)
    joint = PartCorrelatedUV(empty, none, empty, torch.eye(2).expand(3, 2, 2), group)
    assert joint.log_prob(empty).tolist() == [0, 0, 0]
    assert IsotropicUV(empty, none).log_prob(empty).shape == (0,)
    assert AnisotropicUV(empty, none, empty).rsample().shape == (0, 2)


def test_half_precision_is_refused():
    with pytest.raises(ValueError, match="float16"):
        IsotropicUV(torch.zeros(1, 2, dtype=torch.float16), torch.ones(1))


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="variance"):
        AnisotropicUV(torch.zeros(3, 2), torch.ones(2), torch.zeros(3, 2))
