"""Predictor and losses: reading raw maps at points against upsampling every field."""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from detectron2.structures import Instances
from detectron2.utils.events import EventStorage

from uncertain_densepose.modeling.chart_predictor import DensePoseChartPredictor

from .batches import NUM_CHARTS, random_proposals
from .branch import CONVENTION, UP_SCALE, make_loss, make_noise_model, make_predictor
from .dense_head import dense_losses
from .memory import peak_bytes
from .timing import interleaved

COMPARED_MODELS = ("indep_aniso", "full")
Tensors = dict[str, torch.Tensor]


def make_routes(
    predictor: DensePoseChartPredictor, features: torch.Tensor, proposals: list[Instances]
) -> dict[str, Callable[[], Tensors]]:
    """The two ways from features (R, channels, s, s) to losses: `dense` and `point`."""
    loss = make_loss(predictor.noise_model, 2 * UP_SCALE * features.shape[-1])

    def dense() -> Tensors:
        return dense_losses(predictor, features, proposals, CONVENTION)

    def point() -> Tensors:
        with EventStorage():
            return loss(proposals, predictor(features))

    return {"dense": dense, "point": point}


def losses_and_gradients(route: Callable[[], Tensors], leaves: Tensors) -> tuple[Tensors, Tensors]:
    """The losses of a route, and the gradients of their sum with respect to leaves, by name."""
    losses = route()
    gradients = torch.autograd.grad(list(losses.values()), list(leaves.values()))
    return (
        {name: loss.detach() for name, loss in losses.items()},
        dict(zip(leaves, gradients, strict=True)),
    )


def largest_difference(found: Tensors, expected: Tensors) -> float:
    """The largest of the tensors' max |found - expected| / max |expected|."""
    return max(
        ((found[name] - value).abs().max() / value.abs().max()).item()
        for name, value in expected.items()
    )


def head_rows(
    repeats: int,
    boxes: int = 32,
    channels: int = 512,
    pooled_side: int = 28,
    points: int = 100,
    device: torch.device | str = "cpu",
) -> list[dict]:
    """Measure value and gradient of predictor and losses on both routes.

    Args:
        repeats: rounds of timing.
        boxes: R. channels: of the features. pooled_side: s, cells along their side.
        points: annotated points a box.
        device: where to compute.

    Returns:
        A row for each noise model and route. `ms`: the shortest time. `forward MiB`, `peak MiB`:
        the most memory beyond features and parameters, in the forward pass and in all; the
        gradients of both are in the latter. `/ dense`: the number before it, relative to the
        dense route. `loss difference`, `gradient difference`: the largest relative ones from the
        dense route, over the losses, and over the features and all parameters.
    """
    device = torch.device(device)
    generator = torch.Generator().manual_seed(0)
    part = torch.randint(1, NUM_CHARTS + 1, (boxes, points), generator=generator)
    proposals = [image.to(device) for image in random_proposals(part, coarse=True)]
    features = torch.randn(boxes, channels, pooled_side, pooled_side, generator=generator).relu_()
    features = features.to(device).requires_grad_()
    rows = []
    for name in COMPARED_MODELS:
        predictor = make_predictor(make_noise_model(name), channels).to(device)
        leaves = {"features": features, **dict(predictor.named_parameters())}
        routes = make_routes(predictor, features, proposals)
        steps = {
            route: functools.partial(losses_and_gradients, losses, leaves)
            for route, losses in routes.items()
        }
        timings = interleaved(steps, repeats, device)
        forward = {route: peak_bytes(losses, device) for route, losses in routes.items()}
        peak = {route: peak_bytes(step, device) for route, step in steps.items()}
        losses, gradients = steps["dense"]()
        for route, step in steps.items():
            found_losses, found_gradients = step()
            rows.append(
                {
                    "noise model": name,
                    "route": route,
                    "ms": 1e3 * timings[route].minimum,
                    "median ms": 1e3 * timings[route].median,
                    "ms / dense": timings[route].minimum / timings["dense"].minimum,
                    "forward MiB": forward[route] / 2**20,
                    "forward / dense": forward[route] / forward["dense"],
                    "peak MiB": peak[route] / 2**20,
                    "peak / dense": peak[route] / peak["dense"],
                    "loss difference": largest_difference(found_losses, losses),
                    "gradient difference": largest_difference(found_gradients, gradients),
                }
            )
    return rows
