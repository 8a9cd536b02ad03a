"""Noise models: their start, their losses against written-out formulas, and the registry."""

import itertools

import pytest
import torch
from detectron2.config import get_cfg

from tests.model_factory import make_config
from uncertain_densepose import add_uncertain_densepose_config
from uncertain_densepose.config import ConfigError
from uncertain_densepose.modeling.noise_models import (
    NOISE_MODEL_REGISTRY,
    NoiseModel,
    build_noise_model,
    register_noise_model,
)

FIELDS = {
    "smooth_l1": set(),
    "mse": set(),
    "iid_iso": {"sigma_2"},
    "indep_aniso": {"sigma_2", "kappa_u", "kappa_v"},
    "full": {"sigma_2", "kappa_u", "kappa_v", "shared_variance"},
    "full_similarity": {
        "sigma_2",
        "kappa_u",
        "kappa_v",
        "shared_variance",
        "shared_rotation_variance",
        "shared_scale_variance",
    },
}
LIKELIHOODS = ("iid_iso", "indep_aniso", "full", "full_similarity")


def initial_logits(model, points, groups):
    logits = {name: torch.full((points,), bias) for name, bias in model.point_fields.items()}
    return logits | {name: torch.full((groups,), b) for name, b in model.shared_fields.items()}


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_those_of_checkpoints(name):
    model = build_noise_model(make_config(name))
    assert {*model.point_fields, *model.shared_fields} == FIELDS[name]


def test_variance_starts_at_the_reference():
    model = build_noise_model(make_config("full"))
    parameters = model.parameters(initial_logits(model, 3, 2))
    torch.testing.assert_close(parameters["variance"], torch.full((3,), 0.01))
    torch.testing.assert_close(
        parameters["shared_covariance"], 0.0025 * torch.eye(2).expand(2, 2, 2)
    )


def test_a_similarity_starts_with_a_tenth_of_a_radian_and_of_the_size():
    model = build_noise_model(make_config("full_similarity"))
    shared = model.parameters(initial_logits(model, 3, 2))["shared_covariance"]
    expected = torch.diag(torch.tensor([0.0025, 0.0025, 0.1**2, 0.1**2]))
    torch.testing.assert_close(shared, expected.expand(2, 4, 4))


def test_the_fields_of_a_similarity_are_the_variances_of_its_coordinates():
    model = build_noise_model(make_config("full_similarity"))
    logits = {k: torch.zeros(5, 25) for k in FIELDS["full_similarity"]}
    logits["shared_variance"] += 1
    logits["shared_rotation_variance"] += 2
    logits["shared_scale_variance"] += 3
    shared = model.parameters(logits)["shared_covariance"]
    expected = torch.diag(torch.tensor([1.0, 1, 2, 3]).exp().log1p())
    torch.testing.assert_close(shared, expected.expand(5, 25, 4, 4))


def test_a_similarity_that_neither_turns_nor_scales_is_the_full_model():
    full, similarity = (build_noise_model(make_config(n)) for n in ("full", "full_similarity"))
    torch.manual_seed(0)
    group = torch.tensor([0, 1, 0, 1, 1])
    logits = {k: v + torch.randn(v.shape) for k, v in initial_logits(full, 5, 2).items()}
    still = {k: torch.full((2,), -1e4) for k in similarity.shared_fields if k not in logits}
    mean, target = torch.rand(2, 5, 2, dtype=torch.float64)
    found = similarity.loss(mean, target, logits | still, group)
    torch.testing.assert_close(found, full.loss(mean, target, logits, group))


def test_variance_keeps_its_lower_bound():
    model = build_noise_model(make_config("iid_iso"))
    parameters = model.parameters({"sigma_2": torch.tensor([-1e4, 0.0])})
    assert parameters["variance"][0].item() == pytest.approx(model.epsilon)


def test_mse_loss_is_half_the_squared_error_over_the_reference_variance():
    model = build_noise_model(make_config("mse"))
    mean, target = torch.rand(6, 2), torch.rand(6, 2)
    expected = sum(
        ((target[i, k] - mean[i, k]) ** 2) / (2 * 0.01) for i in range(6) for k in range(2)
    )
    found = model.loss(mean, target, {}, torch.zeros(6, dtype=torch.int64))
    torch.testing.assert_close(found, expected)


def written_out_basis(name, mean, group):
    """E_i, (P, 2, K): the identity, and for a similarity also J c_i and c_i."""
    basis = torch.eye(2, dtype=torch.float64).expand(len(mean), 2, 2)
    if name == "full":
        return basis
    centre = torch.stack([mean[group == g].mean(dim=0) for g in group])
    c = mean - centre
    turned = torch.stack([-c[:, 1], c[:, 0]], dim=-1)
    return torch.cat([basis, turned[:, :, None], c[:, :, None]], dim=-1)


def written_out_log_density(name, mean, target, parameters, group):
    """The joint density of all points, from the dense covariance of every pair, float64."""
    size = len(mean)
    rows = [[torch.zeros(2, 2, dtype=torch.float64)] * size for _ in range(size)]
    for i in range(size):
        own = parameters["variance"][i].double() * torch.eye(2, dtype=torch.float64)
        if "direction" in parameters:
            r = parameters["direction"][:, i].double()
            own = own + torch.outer(r, r)
        rows[i][i] = own
    if "shared_covariance" in parameters:
        basis = written_out_basis(name, mean.double(), group)
        for i, j in itertools.product(range(size), repeat=2):
            if group[i] == group[j]:
                shared = parameters["shared_covariance"][group[i]].double()
                rows[i][j] = rows[i][j] + basis[i] @ shared @ basis[j].T
    dense = torch.cat([torch.cat(row, dim=1) for row in rows])
    normal = torch.distributions.MultivariateNormal(mean.double().flatten(), dense)
    return normal.log_prob(target.double().flatten())


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_likelihood_losses_are_minus_the_log_density(name):
    model = build_noise_model(make_config(name))
    torch.manual_seed(0)
    group = torch.tensor([0, 1, 0, 1, 1])
    logits = {k: v + torch.randn(v.shape) for k, v in initial_logits(model, 5, 2).items()}
    mean, target = torch.rand(5, 2), torch.rand(5, 2)
    parameters = model.parameters(logits)

    expected = -written_out_log_density(name, mean, target, parameters, group)
    found = model.loss(mean, target, logits, group).double()
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_gradients_are_those_of_the_written_out_density(name):
    model = build_noise_model(make_config(name))
    torch.manual_seed(2)
    group = torch.tensor([0, 1, 0, 1, 1])
    logits = {
        k: (v + torch.randn(v.shape)).double() for k, v in initial_logits(model, 5, 2).items()
    }
    mean, target = torch.rand(2, 5, 2, dtype=torch.float64)
    leaves = [x.requires_grad_() for x in (mean, *logits.values())]
    expected = -written_out_log_density(name, mean, target, model.parameters(logits), group)
    found = model.loss(mean, target, logits, group)
    for slope, twin in zip(
        torch.autograd.grad(found, leaves), torch.autograd.grad(expected, leaves), strict=True
    ):
        torch.testing.assert_close(slope, twin, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_beta_weights_densities_by_their_spread_without_a_gradient(name):
    key = "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.BETA"
    plain, weighted = (
        build_noise_model(make_config(name)),
        build_noise_model(make_config(name, key, 0.5)),
    )
    torch.manual_seed(1)
    group = torch.tensor([0, 1, 0, 1, 1])
    logits = {k: v + torch.randn(v.shape) for k, v in initial_logits(plain, 5, 2).items()}
    logits = {k: v.double().requires_grad_() for k, v in logits.items()}
    mean, target = torch.rand(2, 5, 2, dtype=torch.float64)
    distribution = plain.distribution(mean, plain.parameters(logits), group)

    covariance = distribution.covariance().detach()
    spread = [(c[0, 0] * c[1, 1] - c[0, 1] ** 2).sqrt().log() for c in covariance]
    if name.startswith("full"):
        spread = [sum(spread[i] for i in m) / len(m) for m in ((0, 2), (1, 3, 4))]
    weight = torch.stack([(s.exp() / 0.01) ** 0.5 for s in spread])
    expected = -(weight * distribution.log_prob(target)).sum()
    found = weighted.loss(mean, target, logits, group)
    torch.testing.assert_close(found, expected)
    leaves = list(logits.values())
    for slope, twin in zip(
        torch.autograd.grad(found, leaves), torch.autograd.grad(expected, leaves), strict=True
    ):
        torch.testing.assert_close(slope, twin)


def test_unknown_noise_model_is_named_with_the_known_ones():
    with pytest.raises(
        ConfigError, match=r"'fulll'.*full.*full_similarity.*iid_iso.*indep_aniso.*mse"
    ):
        build_noise_model(make_config("fulll"))


def test_without_confidence_the_baseline_of_densepose_is_used():
    cfg = get_cfg()
    add_uncertain_densepose_config(cfg)
    assert build_noise_model(cfg) is not None
    assert type(build_noise_model(cfg)) is NOISE_MODEL_REGISTRY.get("smooth_l1")


def test_users_can_register_their_own():
    @register_noise_model("laplace_for_test")
    class Laplace(NoiseModel):
        def loss(self, mean_uv, target_uv, logits, group):
            return (target_uv - mean_uv).abs().sum()

    model = build_noise_model(make_config("laplace_for_test"))
    assert model.loss(torch.zeros(1, 2), torch.ones(1, 2), {}, torch.zeros(1)).item() == 2
