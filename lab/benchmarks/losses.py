"""The joint likelihood against independent points, and against `torch.distributions`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from uncertain_densepose.distributions import AnisotropicUV, PartCorrelatedUV
from uncertain_densepose.modeling.losses import uv_loss
from uncertain_densepose.modeling.point_labels import gather_points

from .batches import NUM_CHARTS, PointBatch, random_points, random_proposals
from .branch import CONVENTION, UP_SCALE, make_noise_model, make_predictor
from .timing import Timing, interleaved
from .torch_normals import dense_normal, low_rank_normal

Step = Callable[[], object]
GROUP_SIZE = 10
LARGE_GROUP_SIZE = 100
LOSS_CHANNELS = 16
"""Features under the coordinate loss: few, so that reading them does not hide the loss's cost."""


def _with_gradient(density: Callable[[], torch.Tensor], leaves: list[torch.Tensor]) -> Step:
    def step() -> tuple[torch.Tensor, ...]:
        # An independent model has no use for the shared covariance.
        return torch.autograd.grad(density().sum(), leaves, allow_unused=True)

    return step


def density_steps(batch: PointBatch) -> dict[str, Step]:
    """Log-density and gradient of one batch, by contestant."""
    mean_uv, variance, direction, shared = batch.leaves()
    target, members = batch.target_uv, batch.by_group

    def grouped(family: Callable) -> torch.Tensor:
        normal = family(mean_uv[members], variance[members], direction[members], shared)
        return normal.log_prob(target[members].flatten(1))

    densities = {
        "indep_aniso": lambda: AnisotropicUV(mean_uv, variance, direction).log_prob(target),
        "full": lambda: PartCorrelatedUV(
            mean_uv, variance, direction, shared, batch.group
        ).log_prob(target),
        "low rank": lambda: grouped(low_rank_normal),
        "dense": lambda: grouped(dense_normal),
    }
    return {name: _with_gradient(density, batch.leaves()) for name, density in densities.items()}


def density_rows(
    sizes: Sequence[int], group_size: int, repeats: int, device: torch.device
) -> list[dict]:
    """`log_prob` and its gradient for batches of `sizes` points.

    Contestants: `indep_aniso` (:class:`AnisotropicUV`), `full` (:class:`PartCorrelatedUV`), and
    the same density as `full` by `torch.distributions`: `low rank` and `dense`, batched over
    groups. All are given float32.
    """
    rows = []
    for size in sizes:
        batch = random_points(size, group_size, device)
        rows += _rows(size, interleaved(density_steps(batch), repeats, device))
    return rows


def coordinate_loss_step(
    noise_model: str, boxes: int, points: int, pooled_side: int, device: torch.device
) -> Step:
    """The training's coordinate loss: features read at points, noise model, all gradients.

    Args:
        noise_model: its registered name.
        boxes: R. points: of each box, dealt out to its 24 charts in turn.
        pooled_side: s, cells along a side of the features.
        device: where to compute.

    Returns:
        The step; it returns the gradients of the features (R, `LOSS_CHANNELS`, s, s) and of the
        predictor's parameters, None for those that the coordinates do not use.
    """
    part = torch.arange(points).remainder(NUM_CHARTS).add(1).expand(boxes, points)
    labels = gather_points(
        [image.to(device) for image in random_proposals(part, coarse=False)], CONVENTION
    )
    predictor = make_predictor(make_noise_model(noise_model), LOSS_CHANNELS).to(device)
    features = torch.randn(boxes, LOSS_CHANNELS, pooled_side, pooled_side, device=device)
    leaves = [features.requires_grad_(), *predictor.parameters()]
    noise = predictor.noise_model
    position = CONVENTION.position(labels.xy_box, 2 * UP_SCALE * pooled_side)

    def step() -> tuple[torch.Tensor | None, ...]:
        found = predictor(features).at_points(labels.box, position)
        points = found.in_parts(labels.box, labels.part, noise.shared_fields)
        return torch.autograd.grad(uv_loss(points, labels.uv, noise), leaves, allow_unused=True)

    return step


def coordinate_loss_rows(
    sizes: Sequence[int], repeats: int, device: torch.device, pooled_side: int = 28
) -> list[dict]:
    """The coordinate loss of `indep_aniso` and of `full`, ten points a chart."""
    rows = []
    for size in sizes:
        points = min(size, GROUP_SIZE * NUM_CHARTS)
        steps = {
            name: coordinate_loss_step(name, size // points, points, pooled_side, device)
            for name in ("indep_aniso", "full")
        }
        rows += _rows(size, interleaved(steps, repeats, device))
    return rows


def _rows(points: int, timings: dict[str, Timing]) -> list[dict]:
    independent, full = timings["indep_aniso"].minimum, timings["full"].minimum
    return [
        {
            "points": points,
            "contestant": name,
            "ms": 1e3 * timing.minimum,
            "median ms": 1e3 * timing.median,
            "ns a point": 1e9 * timing.minimum / points,
            "/ indep_aniso": timing.minimum / independent,
            "/ full": timing.minimum / full,
        }
        for name, timing in timings.items()
    ]


def loss_tables(
    repeats: int,
    sizes: Sequence[int] = (1_000, 10_000, 100_000),
    pooled_side: int = 28,
    device: torch.device | str = "cpu",
) -> dict[str, list[dict]]:
    """All that is measured of the losses, rows by title.

    Args:
        repeats: rounds of timing.
        sizes: numbers of points.
        pooled_side: half the side of the maps that the coordinate loss reads, cells.
        device: where to compute.

    Returns:
        Rows whose `ms` is the shortest time of value and gradient; see :func:`density_rows` and
        :func:`coordinate_loss_rows`. `growth` repeats the time a point at each size, which does
        not rise where the cost is linear.
    """
    device = torch.device(device)
    tables = {
        f"log_prob, groups of {GROUP_SIZE}": density_rows(sizes, GROUP_SIZE, repeats, device),
        # Dense matrices of 200 x 200 at the largest size would take gigabytes.
        f"log_prob, groups of {LARGE_GROUP_SIZE}": density_rows(
            sizes[:-1] or sizes, LARGE_GROUP_SIZE, repeats, device
        ),
        "loss_densepose_UV, reading and gradient of maps included": coordinate_loss_rows(
            sizes, repeats, device, pooled_side
        ),
    }
    return tables | {"growth, ns a point": growth_rows(tables)}


def growth_rows(tables: dict[str, list[dict]]) -> list[dict]:
    """The time a point by size, a row for each table and contestant."""
    rows: dict[tuple[str, str], dict] = {}
    for title, table in tables.items():
        for row in table:
            key = (title, row["contestant"])
            entry = rows.setdefault(key, {"what": title, "contestant": row["contestant"]})
            entry[f"{row['points']} points"] = row["ns a point"]
    return list(rows.values())
