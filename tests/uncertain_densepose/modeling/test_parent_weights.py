"""Training that starts from the weights of a simpler noise model, and predicts what they do."""

import logging
from functools import partial

import pytest
import torch
from detectron2.checkpoint import DetectionCheckpointer
from detectron2.layers import ShapeSpec
from detectron2.modeling import build_roi_heads

from tests.model_factory import make_config
from tests.uncertain_densepose.modeling.upstream_names import predictor_names, v1convx_names
from uncertain_densepose.checkpoint import ParentCheckpointer, SafeCheckpointer
from uncertain_densepose.distributions import PartCorrelatedUV
from uncertain_densepose.distributions.grouping import group_mean
from uncertain_densepose.modeling.chart_predictor import NoiseModelMismatch
from uncertain_densepose.modeling.noise_models import build_noise_model
from uncertain_densepose.modeling.noise_models.base import NEGLIGIBLE, softplus_inverse
from uncertain_densepose.modeling.parent_weights import (
    lacking_weights,
    start_biases,
    with_shared_variance,
)
from uncertain_densepose.modeling.shared_fields import SHARED_SOURCES
from uncertain_densepose.weights_file import WeightsError

CHANNELS, CHARTS = 16, 25
CHAIN = "mse", "iid_iso", "indep_aniso", "full", "full_similarity"
"""Every one is a parent of all that follow."""
PAIRS = [
    (parent, child, source)
    for k, parent in enumerate(CHAIN)
    for child in CHAIN[k + 1 :]
    for source in (SHARED_SOURCES if child.startswith("full") else ("box",))
]
VARIANCE = torch.linspace(1e-5, 0.3, CHARTS, dtype=torch.float64)
# Some units of the last place in float32.
ROUNDING = 1e-6
HEAD = "MODEL.ROI_DENSEPOSE_HEAD."
SOURCE, EPSILON = f"{HEAD}UV_CONFIDENCE.SHARED_FROM", f"{HEAD}UV_CONFIDENCE.EPSILON"
REFERENCE = f"{HEAD}UV_CONFIDENCE.REFERENCE_VARIANCE"


def config(noise_model, *overrides):
    return make_config(noise_model, f"{HEAD}CONV_HEAD_DIM", CHANNELS, *overrides)


def heads(noise_model, *overrides, std=None):
    """The ROI heads of a config, which need no backbone; `std` is that of random weights."""
    torch.manual_seed(3)
    shapes = {f"p{k}": ShapeSpec(channels=16, stride=2**k) for k in range(2, 6)}
    module = build_roi_heads(config(noise_model, *overrides), shapes)
    if std is not None:
        for parameter in module.densepose_predictor.parameters():
            torch.nn.init.normal_(parameter, std=std)
    return module


def load_parent(module, weights):
    module.load_state_dict({**weights, **lacking_weights(module, weights)}, strict=True)
    return module


def maps_of(module, features):
    with torch.no_grad():
        predictor = module.densepose_predictor
        return predictor.chart_maps(predictor(features))


def covariance(maps, from_centre):
    """The covariance of a cell (R, C, S, S, 2, 2), float64; c_i is the same everywhere."""
    total = maps.variance.double()[..., None, None] * torch.eye(2, dtype=torch.float64)
    if maps.direction is not None:
        r = maps.direction.double().movedim(1, -1)
        total = total + r[..., :, None] * r[..., None, :]
    if maps.shared_covariance is not None:
        u, v = from_centre
        basis = torch.tensor([[1, 0, -v, u], [0, 1, u, v]], dtype=torch.float64)
        shared = maps.shared_covariance.double()
        basis = basis[:, : shared.shape[-1]]
        total = total + (basis @ shared @ basis.T)[:, :, None, None]
    return total


@pytest.mark.parametrize("epsilon", [0.01, 1e-4])
@pytest.mark.parametrize(("parent", "child", "source"), PAIRS)
def test_first_predictions_are_the_parent_s(parent, child, source, epsilon):
    """To rounding, but for the covariance: at most 1 % of ε for every step of the chain."""
    before = heads(parent, EPSILON, epsilon, SOURCE, source, std=0.3)
    after = load_parent(heads(child, EPSILON, epsilon, SOURCE, source), before.state_dict())
    # All layers are one convolution, whose sums are rounded by its width: in float64, by nothing
    # that counts beside what the child adds.
    features = torch.rand(2, CHANNELS, 4, 4, dtype=torch.float64)
    old, new = maps_of(before.double(), features), maps_of(after.double(), features)
    for field in ("u", "v", "coarse_segm", "fine_segm"):
        found, expected = getattr(new, field), getattr(old, field)
        torch.testing.assert_close(found, expected, rtol=ROUNDING, atol=ROUNDING, msg=field)
    if parent == "mse":
        reference = torch.full_like(new.variance, 0.01)
        start = {0.01: 1.1, 1e-4: 1.0}[epsilon] * reference
        torch.testing.assert_close(new.variance, start)
        return
    torch.testing.assert_close(new.variance, old.variance, rtol=ROUNDING, atol=0)
    steps = CHAIN.index(child) - CHAIN.index(parent)
    # No point is further from the centre of its part than a chart is wide.
    from_centre = 0.6, 0.8
    covariances = covariance(old, from_centre), covariance(new, from_centre)
    added = torch.linalg.eigvalsh(covariances[1] - covariances[0])
    rounding = ROUNDING * covariances[0].diagonal(dim1=-2, dim2=-1).sum(dim=-1, keepdim=True)
    assert (added >= -rounding).all() and added.max() > 0
    assert (added <= steps * NEGLIGIBLE * epsilon * (1 + 1e-3) + rounding).all()


@pytest.mark.parametrize("name", CHAIN[1:])
def test_what_is_added_is_positive_without_a_lower_bound_too(name):
    model = build_noise_model(config(name, EPSILON, 0.0, REFERENCE, 0.01))
    assert 0 < model.negligible_variance <= 1e-4 * NEGLIGIBLE * 0.01


@pytest.mark.parametrize(
    ("child", "fields"),
    [
        ("full", {"sigma_2", "kappa_u"}),
        ("full", {"kappa_u", "kappa_v"}),
        ("indep_aniso", {"sigma_2", "kappa_u", "kappa_v", "shared_variance"}),
        ("mse", {"sigma_2"}),
    ],
)
def test_only_whole_simpler_models_are_parents(child, fields):
    assert start_biases(build_noise_model(config(child)), fields) is None


@pytest.mark.parametrize("parent", ["iid_iso", "indep_aniso"])
def test_checkpoints_of_densepose_are_parents_by_their_names(parent):
    names = v1convx_names(16, CHANNELS, 2) | predictor_names(CHANNELS, 2, parent)
    child = heads("full")
    expected = {key for key in child.state_dict() if key.startswith("densepose_")}
    assert {*names, *lacking_weights(child, names)} == expected


def test_weights_of_the_same_model_or_without_a_predictor_lack_nothing():
    full = heads("full")
    assert not lacking_weights(full, full.state_dict())
    assert not lacking_weights(full, {"backbone.stem.conv1.weight"})


def written(path, module):
    torch.save({"model": module.state_dict()}, path)
    return str(path)


@pytest.mark.parametrize("source", SHARED_SOURCES)
def test_training_loads_a_parent_and_says_so_in_a_line(tmp_path, caplog, source):
    path = written(tmp_path / "parent.pth", heads("iid_iso"))
    child = heads("full", SOURCE, source)
    with caplog.at_level(logging.INFO, logger="detectron2"):
        ParentCheckpointer(child).load(path)
    (line,) = [r.getMessage() for r in caplog.records if "simpler noise model" in r.getMessage()]
    layer = "shared_variance_lowres" if source == "points" else "shared_variance"
    for name in ("kappa_u_lowres", "kappa_v_lowres", layer):
        assert f"densepose_predictor.{name}" in line
    assert not any(
        "not found in the checkpoint" in record.getMessage() for record in caplog.records
    )
    assert child.densepose_predictor.kappa_u_lowres.bias.unique().numel() == 1


@pytest.mark.parametrize("checkpointer", [SafeCheckpointer, DetectionCheckpointer])
def test_nothing_but_the_start_of_training_takes_a_parent(tmp_path, checkpointer):
    path = written(tmp_path / "parent.pth", heads("indep_aniso"))
    with pytest.raises(ValueError, match="only training can start .* of a simpler one"):
        checkpointer(heads("full")).load(path)


@pytest.mark.parametrize(
    ("weights", "child"),
    [
        (("full",), ("iid_iso",)),
        (("iid_iso",), ("mse",)),
        (("full", SOURCE, "box"), ("full", SOURCE, "points")),
        (("full", SOURCE, "box"), ("full", SOURCE, "part")),
        (("full", SOURCE, "part"), ("full", SOURCE, "box")),
        (("full", SOURCE, "box"), ("full_similarity", SOURCE, "part")),
        (("full", SOURCE, "part"), ("full_similarity", SOURCE, "box")),
        (("full", SOURCE, "part"), ("full_similarity", SOURCE, "points")),
    ],
)
def test_training_refuses_what_is_no_parent_in_a_line(tmp_path, weights, child):
    path = written(tmp_path / "other.pth", heads(*weights))
    with pytest.raises(WeightsError, match=r"other\.pth: .*change TYPE and SHARED_FROM") as caught:
        ParentCheckpointer(heads(*child)).load(path)
    assert "\n" not in str(caught.value)


BOXES, POINTS = 12, 6
SHARED, OWN, DIRECTION = 6e-3, 2.5e-3, 0.08
SCALE = EPSILON, 1e-4, REFERENCE, OWN
PARENTS = {name: partial(heads, name, *SCALE) for name in ("iid_iso", "indep_aniso")}


class Training:
    """A noise branch that learns from samples of a known one; means stay as they are."""

    def __init__(self, source):
        self.heads = heads("full", SOURCE, source, *SCALE)
        self.predictor = self.heads.densepose_predictor
        self.generator = torch.Generator().manual_seed(0)

    def loss(self):
        """The negative log-likelihood of a new batch, per point; `shared` gets its variance."""
        features = torch.rand(BOXES, CHANNELS, 2, 2, generator=self.generator)
        box = torch.arange(BOXES).repeat_interleave(POINTS)
        position = 8 * torch.rand(len(box), 2, generator=self.generator)
        charts = self.predictor(features)
        found = charts.at_points(box, position)
        logits = {k: v[:, 1] for k, v in found.point_logits.items()}
        if "shared_variance" in logits:
            logits["shared_variance"] = group_mean(logits["shared_variance"], box, BOXES)
        else:
            logits["shared_variance"] = found.shared_logits["shared_variance"][:, 1]
        mean = torch.stack([found.u[:, 1], found.v[:, 1]], dim=-1).detach()
        truth = PartCorrelatedUV(
            mean,
            torch.full((len(box),), OWN),
            torch.tensor([DIRECTION, 0.0]).expand(len(box), 2),
            SHARED * torch.eye(2).expand(BOXES, 2, 2),
            box,
        )
        self.shared = torch.nn.functional.softplus(logits["shared_variance"]).mean().item()
        self.direction = torch.stack([logits["kappa_u"], logits["kappa_v"]]).mean(dim=1)
        return self.predictor.noise_model.loss(mean, truth.rsample(), logits, box) / len(box)

    def run(self, steps, layer, rate, reached):
        """The step at which `reached(self)` first holds while some layers learn at a rate."""
        torch.manual_seed(1)
        trained = [p for name, p in self.predictor.named_parameters() if name.startswith(layer)]
        optimizer = torch.optim.Adam(trained, lr=rate)
        for step in range(steps):
            loss = self.loss()
            if reached(self):
                return step
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return None


def noise_known(training, **biases):
    """Give constant layers of the noise their values."""
    with torch.no_grad():
        for name, module in training.predictor.named_modules():
            field = name.removesuffix("_lowres")
            if field in biases:
                for key, parameter in module.named_parameters():
                    parameter.fill_(biases[field] if key == "bias" else 0.0)
    return training


def half_learned(training):
    return SHARED / 2 < training.shared < 2 * SHARED


KNOWN = {"sigma_2": softplus_inverse(OWN - 1e-4), "kappa_u": DIRECTION, "kappa_v": 0.0}


@pytest.mark.parametrize(("source", "rate"), [("box", 0.05), ("part", 0.3), ("points", 0.02)])
def test_a_shared_variance_is_learned_from_its_small_start(source, rate):
    """In a small multiple of the steps of a new model, and earlier than from almost nothing."""
    ordinary = noise_known(Training(source), **KNOWN).run(
        100, "shared_variance", rate, half_learned
    )
    assert ordinary > 0
    from_parent = Training(source)
    load_parent(from_parent.heads, PARENTS["indep_aniso"]().state_dict())
    noise_known(from_parent, **KNOWN)
    steps = from_parent.run(8 * ordinary, "shared_variance", rate, half_learned)
    assert steps is not None
    hopeless = noise_known(Training(source), **KNOWN, shared_variance=softplus_inverse(1e-12))
    assert hopeless.run(steps + 1, "shared_variance", rate, half_learned) is None
    assert hopeless.shared < 1e-3 * SHARED


def test_a_direction_is_learned_from_its_small_start_and_never_from_zero():
    def learned(training):
        return training.direction.norm() > DIRECTION / 2

    known = {"sigma_2": KNOWN["sigma_2"], "shared_variance": softplus_inverse(SHARED)}
    from_parent = Training("box")
    load_parent(from_parent.heads, PARENTS["iid_iso"]().state_dict())
    steps = noise_known(from_parent, **known).run(100, "kappa", 3e-4, learned)
    assert steps is not None
    zero = noise_known(Training("box"), **known, kappa_u=0.0, kappa_v=0.0)
    assert zero.run(steps + 1, "kappa", 3e-4, learned) is None
    assert not zero.direction.any()


class Whole(torch.nn.Module):
    """ROI heads where a model has them."""

    def __init__(self, noise_model, **options):
        super().__init__()
        self.roi_heads = heads(noise_model, **options)


@pytest.mark.parametrize("parent", ["iid_iso", "indep_aniso"])
def test_a_shared_variance_that_was_fitted_is_predicted_for_every_box(parent):
    full, weights = Whole("full"), Whole(parent, std=0.3).state_dict()
    names = list(weights)
    full.load_state_dict(with_shared_variance(full, weights, VARIANCE), strict=True)
    assert list(weights) == names
    shared = maps_of(full.roi_heads, torch.randn(3, CHANNELS, 4, 4)).shared_covariance
    smallest = full.roi_heads.densepose_predictor.noise_model.negligible_variance
    expected = VARIANCE.float().clamp_min(smallest)[:, None, None] * torch.eye(2)
    torch.testing.assert_close(shared, expected.expand(3, CHARTS, 2, 2), rtol=1e-5, atol=0)


def test_a_shared_variance_is_not_given_to_a_model_that_has_one():
    full = Whole("full")
    with pytest.raises(NoiseModelMismatch, match="not those of an independent"):
        with_shared_variance(full, full.state_dict(), VARIANCE)
