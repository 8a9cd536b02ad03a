"""The contract of a noise model, and its registry."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from detectron2.config import configurable
from detectron2.utils.registry import Registry

from ...config import ConfigError
from ...distributions import UVDistribution, uv_distribution

NOISE_MODEL_REGISTRY = Registry("UV_NOISE_MODEL")
NOISE_MODEL_REGISTRY.__doc__ = """
Noise models of chart coordinates, named by `MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE`.

A registered class is a subclass of :class:`NoiseModel`. It says which raw fields a predictor
makes for it and turns them into a distribution around the predicted coordinates.
"""


NEGLIGIBLE = 0.01
"""What a term that is added to a trained model may add to the covariance of a point, as a share of
the smallest variance that the model can have. Less would not be better: the gradient of a softplus
is proportional to it, so that under SGD a smaller start grows later; AdamW hardly minds."""

_LEAST_SHARE = 1e-4
"""Of the reference variance: what counts as the smallest variance where ε is smaller."""


def register_noise_model(name: str) -> Callable[[type], type]:
    """Class decorator: register a :class:`NoiseModel` under the `TYPE` that configs use."""

    def register(cls: type) -> type:
        NOISE_MODEL_REGISTRY._do_register(name, cls)
        return cls

    return register


def softplus_inverse(value: float) -> float:
    """The x with log(1 + exp x) = value, for value > 0."""
    return value + math.log(-math.expm1(-value))


class NoiseModel:
    """How annotated chart coordinates scatter around predicted ones.

    Attributes:
        point_fields: raw maps with a channel a chart that the predictor makes, by the names
            under which a checkpoint keeps them, each with the bias it starts from.
        shared_fields: raw values, one a box and chart, likewise.
        extensions: what the model adds to simpler ones, step by step: the fields of every step with
            the biases from which they add next to nothing, see `negligible_variance`; read by
            `modeling.parent_weights`.
        reference_variance: s_0, chart units².
    """

    @configurable
    def __init__(self, *, epsilon: float, reference_variance: float, beta: float = 0.0):
        """
        Args:
            epsilon: lower bound of the variance, chart units².
            reference_variance: s_0, chart units²: the variance that goes with a squared error,
                and that from which learned ones start.
            beta: β of :func:`beta_weight`.

        Raises:
            ConfigError: β is not in [0, 1].
        """
        if not 0 <= beta <= 1:
            raise ConfigError(
                f"MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.BETA is {beta}, not in [0, 1]"
            )
        self.epsilon = epsilon
        self.reference_variance = reference_variance
        self.beta = beta
        self.point_fields: dict[str, float] = {}
        self.shared_fields: dict[str, float] = {}
        self.extensions: list[dict[str, float]] = []

    @property
    def negligible_variance(self) -> float:
        """`NEGLIGIBLE` of the smallest variance, chart units²."""
        return NEGLIGIBLE * max(self.epsilon, _LEAST_SHARE * self.reference_variance)

    @classmethod
    def from_config(cls, cfg):
        confidence = cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE
        return {
            "epsilon": confidence.EPSILON,
            "reference_variance": confidence.REFERENCE_VARIANCE,
            "beta": confidence.BETA,
        }

    def parameters(self, logits: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Raw fields to the parameters that `structures.PointPredictions` names.

        Args:
            logits: every field of `point_fields` in any shape (...), and of `shared_fields` in
                any shape (***).

        Returns:
            `variance` (...), `direction` (2, ...), `shared_covariance` (***, K, K) in the
            basis of `distributions.BASIS_OF_SIZE`: those that the model has.
        """
        return {}

    def loss(
        self,
        mean_uv: torch.Tensor,
        target_uv: torch.Tensor,
        logits: Mapping[str, torch.Tensor],
        group: torch.Tensor,
    ) -> torch.Tensor:
        """The loss of P points in G groups, summed: by default the negative log-likelihood,
        weighted by :func:`beta_weight`.

        Args:
            mean_uv, target_uv: (P, 2) chart units.
            logits: point fields (P,) and shared fields (G,).
            group: (P,) int64, the (box, chart) pair of a point.

        Returns:
            A scalar, nats for a model with a likelihood.
        """
        distribution = self.distribution(mean_uv, self.parameters(logits), group)
        weight = beta_weight(distribution, self.reference_variance, self.beta)
        return -(weight * distribution.log_prob(target_uv)).sum()

    def distribution(
        self, mean_uv: torch.Tensor, parameters: Mapping[str, torch.Tensor], group: torch.Tensor
    ) -> UVDistribution:
        """The distribution of P annotated points around the predicted ones, by default that of
        :func:`~uncertain_densepose.distributions.uv_distribution`.

        Args:
            mean_uv: (P, 2) chart units.
            parameters: what :meth:`parameters` returns for points (P,) and groups (G,).
            group: (P,) int64 in 0..G-1.

        Raises:
            NotImplementedError: the model predicts no variance.
        """
        if "variance" not in parameters:
            raise NotImplementedError(f"{type(self).__name__} has no likelihood")
        direction = parameters.get("direction")
        return uv_distribution(
            mean_uv,
            parameters["variance"],
            None if direction is None else direction.T,
            parameters.get("shared_covariance"),
            group,
        )

    def squared_error(self, mean_uv: torch.Tensor, target_uv: torch.Tensor) -> torch.Tensor:
        """Σ |δ|² / (2 s_0), a scalar: the Gaussian loss at the reference variance."""
        return (target_uv - mean_uv).square().sum() / (2 * self.reference_variance)


def beta_weight(
    distribution: UVDistribution, reference_variance: float, beta: float
) -> torch.Tensor:
    """The weight of a density in the β-NLL of Seitzer et al. (ICLR 2022), without gradient.

    A negative log-likelihood teaches a point's mean in proportion to 1/variance, so that points
    that are fitted badly at first stay so. (variance / s_0)^β takes part of that back: 0 leaves
    the likelihood, 1 gives means the gradient of a squared error. For more than one dimension the
    variance is the geometric mean of the marginal's; for a joint density also over its points.

    Args:
        distribution: of P points in G groups.
        reference_variance: s_0, chart units².
        beta: β in [0, 1].

    Returns:
        (P,) or (G,), as `distribution.log_prob`.
    """
    if not beta:
        return torch.ones(distribution.batch_shape).to(distribution.mean_uv)
    relative = distribution.log_spread().detach() - math.log(reference_variance)
    return (beta * relative).exp()


def build_noise_model(cfg) -> NoiseModel:
    """The noise model that a config names.

    Raises:
        ConfigError: the name is not registered; the message lists those that are.
    """
    confidence = cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE
    name = confidence.TYPE if confidence.ENABLED else "smooth_l1"
    if name not in NOISE_MODEL_REGISTRY:
        known = ", ".join(sorted(known for known, _ in NOISE_MODEL_REGISTRY))
        raise ConfigError(
            f"MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE is {name!r}, which is not a noise model; "
            f"known: {known}"
        )
    return NOISE_MODEL_REGISTRY.get(name)(cfg)
