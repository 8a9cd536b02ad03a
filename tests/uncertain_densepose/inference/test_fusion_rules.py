"""Rules of fusion against the dense product of Gaussians, and at their limits."""

import pytest
import torch

from tests.uncertain_densepose.inference.random_fields import (
    changed,
    dense_covariance,
    random_fields,
)
from uncertain_densepose.inference.fusion import FUSION_RULES, average, inverse_covariance, joint
from uncertain_densepose.inference.fusion.projection import in_basis_of_size

MIXES = {
    "two offsets": ("full", "full"),
    "four offsets": ("full",) * 4,
    "two similarities": ("full_similarity",) * 2,
    "of all kinds": ("indep_aniso", "full_similarity", "full", "iid_iso"),
    "none shared": ("indep_aniso", "iid_iso"),
}


def ones(fields):
    return torch.ones(len(fields), len(fields[0].group), dtype=torch.float64)


def everywhere(fields):
    return torch.ones_like(fields[0].group, dtype=torch.bool)


def fused(rule, fields, weight=None):
    return rule(fields, ones(fields) if weight is None else weight, everywhere(fields))


def dense_product(means, precisions):
    covariance = torch.linalg.inv(sum(precisions))
    weighted = sum(p @ m.reshape(-1) for p, m in zip(precisions, means, strict=True))
    return (covariance @ weighted).reshape(-1, 2), covariance


def assert_same_gaussian(field, mean, covariance):
    torch.testing.assert_close(field.mean_uv, mean, rtol=1e-7, atol=1e-9)
    found = dense_covariance(field)
    torch.testing.assert_close(found, covariance, rtol=1e-7, atol=1e-9 * covariance.abs().max())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kinds", MIXES.values(), ids=MIXES.keys())
def test_the_joint_rule_is_the_product_of_the_dense_gaussians(kinds, seed):
    fields = random_fields(kinds, seed)
    precisions = [torch.linalg.inv(dense_covariance(field)) for field in fields]
    expected = dense_product([field.mean_uv for field in fields], precisions)
    assert_same_gaussian(fused(joint, fields), *expected)


@pytest.mark.parametrize("kinds", MIXES.values(), ids=MIXES.keys())
def test_inverse_covariance_is_the_product_of_the_marginals(kinds):
    fields = random_fields(kinds)
    found = fused(inverse_covariance, fields)
    for i in range(len(found.mean_uv)):
        precisions = [torch.linalg.inv(field.covariance()[i]) for field in fields]
        mean, covariance = dense_product([field.mean_uv[i] for field in fields], precisions)
        torch.testing.assert_close(found.mean_uv[i], mean[0])
        torch.testing.assert_close(found.covariance()[i], covariance)
    assert found.basis.shape[-1] == 0


def test_the_average_has_the_moments_of_the_mixture():
    fields = random_fields(MIXES["two offsets"])
    weight = torch.tensor([1.0, 0.5]).double()[:, None].expand(2, len(fields[0].group))
    found = fused(average, fields, weight)
    torch.manual_seed(0)
    draws = torch.cat(
        [field.rsample((n,)) for field, n in zip(fields, (40000, 20000), strict=True)]
    )
    assert (found.mean_uv - draws.mean(0)).abs().max() < 0.02
    centred = draws - draws.mean(0)
    empirical = torch.einsum("npa,npb->pab", centred, centred) / len(draws)
    torch.testing.assert_close(found.covariance(), empirical, rtol=0.1, atol=0.003)


@pytest.mark.parametrize("rule", FUSION_RULES.values(), ids=FUSION_RULES.keys())
@pytest.mark.parametrize("kind", ["indep_aniso", "full", "full_similarity"])
def test_one_model_is_itself(rule, kind):
    (field,) = random_fields([kind])
    found = fused(rule.fuse, [field])
    torch.testing.assert_close(found.mean_uv, field.mean_uv)
    torch.testing.assert_close(found.covariance(), field.covariance())
    if rule.fuse is not inverse_covariance:
        torch.testing.assert_close(dense_covariance(found), dense_covariance(field))


@pytest.mark.parametrize("kind", ["indep_aniso", "full", "full_similarity"])
def test_identical_models_are_n_times_as_sure_by_a_product_and_as_sure_by_the_average(kind):
    (field,) = random_fields([kind])
    for rule, times in ((joint, 3), (average, 1)):
        assert_same_gaussian(
            fused(rule, [field] * 3), field.mean_uv, dense_covariance(field) / times
        )
    found = fused(inverse_covariance, [field] * 3)
    torch.testing.assert_close(found.covariance(), field.covariance() / 3)


@pytest.mark.parametrize("rule", [joint, inverse_covariance])
def test_a_model_without_information_leaves_the_others(rule):
    first, second, blind = random_fields(["full", "full_similarity", "full"])
    blind = changed(
        blind,
        own_scale=1e12,
        shared_covariance=1e12 * blind.shared_covariance,
    )
    expected = fused(rule, [first, second])
    assert_same_gaussian(
        fused(rule, [first, second, blind]), expected.mean_uv, dense_covariance(expected)
    )


def test_without_a_shared_error_the_joint_rule_is_inverse_covariance():
    fields = [
        changed(field, shared_covariance=1e-14 * field.shared_covariance)
        for field in random_fields(["full", "full_similarity", "full"])
    ]
    expected = fused(inverse_covariance, fields)
    assert_same_gaussian(fused(joint, fields), expected.mean_uv, dense_covariance(expected))


def test_own_variances_near_1e_8_lose_no_digits():
    fields = random_fields(["full", "full"])
    fields = [changed(field, own_scale=1e-5) for field in fields]
    found = fused(joint, fields)
    # All coordinates have another origin.
    moved = [changed(field, mean_uv=field.mean_uv + 0.25) for field in fields]
    torch.testing.assert_close(fused(joint, moved).mean_uv, found.mean_uv + 0.25, rtol=0, atol=1e-8)
    # Points have next to no error of their own, so what is left is the product of the N(0, B_k).
    parallel = torch.linalg.inv(sum(torch.linalg.inv(f.shared_covariance) for f in fields))
    shared = found.covariance() - found.own_covariance()
    torch.testing.assert_close(shared, parallel[found.group], rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("kinds", [("full",) * 3, ("full_similarity", "full", "indep_aniso")])
def test_weights_temper_points_and_leave_out_those_at_which_a_model_has_none(kinds):
    fields = random_fields(kinds, seed=1)
    group, weight = fields[0].group, ones(fields)
    weight[1] = 0.25
    weight[1, group == 0] = torch.linspace(0.2, 1, int((group == 0).sum())).double()
    weight[1, 3] = weight[2, ::2] = 0
    precisions = []
    for field, w in zip(fields, weight, strict=True):
        (kept,) = (w > 0).nonzero(as_tuple=True)
        shared = field.shared_covariance.clone()
        for g in range(field.num_groups):
            of_group = kept[group[kept] == g]
            if len(of_group):
                shared[g] /= w[of_group].mean()
        tempered = changed(field, kept, own_scale=1 / w[kept], shared_covariance=shared)
        index = (2 * kept[:, None] + torch.arange(2)).flatten()
        precision = torch.zeros(2 * len(group), 2 * len(group), dtype=torch.float64)
        precision[index[:, None], index] = torch.linalg.inv(dense_covariance(tempered))
        precisions.append(precision)
    expected = dense_product([field.mean_uv for field in fields], precisions)
    assert_same_gaussian(fused(joint, fields, weight), *expected)


def test_points_that_do_not_inform_take_the_shared_error_and_give_nothing_to_it():
    fields = random_fields(["full", "full_similarity"])
    informs = everywhere(fields)
    informs[::3] = False
    found = joint(fields, ones(fields), informs)
    alone = [changed(field, informs) for field in fields]
    expected = fused(joint, alone)
    torch.testing.assert_close(found.shared_covariance, expected.shared_covariance)
    torch.testing.assert_close(found.mean_uv[informs], expected.mean_uv)
    assert (
        found.mean_uv[~informs] - fused(inverse_covariance, fields).mean_uv[~informs]
    ).abs().max() > 1e-3


def test_the_projection_keeps_means_and_the_product_of_models_in_one_ratio():
    (field,) = random_fields(["full"])
    other = changed(
        field,
        mean_uv=field.mean_uv + 0.01 * torch.arange(len(field.group))[:, None],
        own_scale=3,
        shared_covariance=0.5 * field.shared_covariance,
    )
    product = fused(joint, [field, other])
    found = in_basis_of_size(product, 2, everywhere([field]))
    assert found.shared_covariance.shape[-1] == 2
    assert_same_gaussian(found, product.mean_uv, dense_covariance(product))


@pytest.mark.parametrize("size", [2, 4])
def test_the_projection_of_any_product_keeps_most_of_the_marginals(size):
    fields = random_fields(["full", "full"], seed=2)
    product = fused(joint, fields)
    found = in_basis_of_size(product, size, everywhere(fields))
    torch.testing.assert_close(found.mean_uv, product.mean_uv)
    ratio = found.covariance().det() / product.covariance().det()
    assert ratio.log().abs().median() < 0.3
    # Without points to go by there is no shared covariance, and no marginal changes.
    nowhere = in_basis_of_size(product, size, ~everywhere(fields))
    assert (nowhere.shared_covariance == 0).all()
    torch.testing.assert_close(nowhere.covariance(), product.covariance())


def test_models_whose_errors_are_what_they_say_are_fused_best_by_the_joint_rule():
    """Models that are off the truth by a draw from their own distributions."""
    kinds = ("full", "full", "full_similarity")
    torch.manual_seed(0)
    square_error, nats = dict.fromkeys(FUSION_RULES, 0.0), dict.fromkeys(FUSION_RULES, 0.0)
    surprise, num_points = 0.0, 0
    for seed in range(30):
        fields = random_fields(kinds, seed)
        truth = fields[0].mean_uv
        off = [changed(f, mean_uv=truth + f.rsample() - f.mean_uv) for f in fields]
        num_points += len(truth)
        for name, rule in FUSION_RULES.items():
            found = fused(rule.fuse, off)
            square_error[name] += (found.mean_uv - truth).square().sum().item()
            nats[name] += found.log_prob(truth).sum().item()
        surprise += fused(joint, off).mahalanobis(truth).sum().item()
    assert square_error["joint"] < square_error["inverse_covariance"] < square_error["average"]
    assert nats["joint"] > nats["inverse_covariance"] > nats["average"]
    # Two degrees of freedom a point.
    assert surprise / num_points == pytest.approx(2, rel=0.1)
