"""Fuses the predictions of several models for the same points, boxes or people.

Models trained on the same labels make some of the same errors, so the product of their densities,
which assumes independent errors, is overconfident. With `correlation` ρ its covariance is
multiplied by 1 + (n - 1) ρ, where n models count. If the models' errors e_k, each whitened by its
own covariance, have pairwise correlation ρ, this is exact for equal covariances, where the fused
error has covariance Σ (1 + (n - 1) ρ) / n, and otherwise an upper bound: the fused error is
Σ* Σ_k Σ_k⁻¹ e_k, and X_kᵀ X_l + X_lᵀ X_k ⪯ X_kᵀ X_k + X_lᵀ X_l for any roots X_kᵀ X_k of the
precisions. The means do not change; for equal covariances they are optimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from ...distributions import PartCorrelatedUV
from ...structures import ChartMaps, PointPredictions
from ...structures.chart_averaging import average_chart_maps, with_sign_of
from ..person import Person
from . import FUSION_RULES, FusionError, FusionRule, part_weights
from .projection import in_basis_of_size
from .rule import mean_of_counted, models_that_count


def fuse_points(
    points: Sequence[PointPredictions],
    group: torch.Tensor,
    rule: str = "joint",
    log_probability: torch.Tensor | None = None,
    correlation: float = 0.0,
) -> PartCorrelatedUV:
    """Fuse the predictions of M models at the same P points.

    Args:
        points: one prediction per model, all read in the same charts.
        group: (P,) int64 in 0..G-1, index of each point's pair of person and part.
        rule: a key of `FUSION_RULES`.
        log_probability: (M, P) log-probability that each model gives to the chart of each point;
            weights the models, see `part_weights`. Equal weights by default.
        correlation: ρ in [0, 1) of the models' errors, for the product rules.

    Returns:
        The joint distribution of the points, float64: for "joint" the exact product, with a shared
        error of Σ_k K_k coordinates; for "inverse_covariance" with independent points; for
        "average" with the mean of the shared covariances.

    Raises:
        FusionError: there are no predictions, they are for different points or charts, or they lack
            what the rule needs.
    """
    chosen = _checked(rule, correlation, points)
    if any(not torch.equal(one.part, points[0].part) for one in points):
        raise FusionError("predictions for different points or charts cannot be fused")
    if log_probability is None:
        log_probability = points[0].mean_uv.new_zeros(len(points), len(points[0]))
    models = [one.double().joint_distribution(group) for one in points]
    informs = torch.ones_like(group, dtype=torch.bool)
    return _fused(chosen, models, part_weights(log_probability), informs, correlation)


@torch.no_grad()
def fuse_maps(
    maps: Sequence[ChartMaps], rule: str = "joint", correlation: float = 0.0
) -> ChartMaps:
    """Fuse the predictions of M models for the same N boxes.

    Part probabilities are averaged, and a cell's part is the most probable one. The coordinates of
    a chart are fused cell by cell with `part_weights` of the models' probabilities of the chart, so
    that only models that see the chart count. For the joint rule, a group is the cells of a box
    that show one chart.

    Args:
        maps: one prediction per model, for the same boxes, on grids of the same side.
        rule: a key of `FUSION_RULES`.
        correlation: ρ in [0, 1) of the models' errors, for the product rules.

    Returns:
        Maps of the first model's dtype. Segmentations are log-probabilities. Variance and direction
        represent the covariance of a cell exactly. The shared covariance of "joint" is projected to
        the models' largest basis (`fusion.projection`); "inverse_covariance" has none.

    Raises:
        FusionError: see `fuse_points`; or the grids differ.
    """
    chosen = _checked(rule, correlation, maps)
    shapes = {(one.coarse_segm.shape, one.u.shape) for one in maps}
    if len(shapes) > 1:
        sides = [tuple(one.u.shape) for one in maps]
        raise FusionError(f"cannot fuse maps with different boxes, sides or segmentations: {sides}")
    segmentation = average_chart_maps(_without_noise(one) for one in maps)
    boxes = [
        _fuse_box([one[box] for one in maps], segmentation[box], chosen, correlation)
        for box in range(len(segmentation))
    ]
    if not boxes:
        return maps[0]
    return ChartMaps.cat(boxes).to(maps[0].u.dtype)


def fuse_people(people: Sequence[Person], rule: str = "joint", correlation: float = 0.0) -> Person:
    """Fuse M models' predictions of one person, e.g. from `Predictor.predict_boxes`.

    Args:
        people: with the same box and image size.
        rule, correlation: see :func:`fuse_maps`.

    Returns:
        A person with the mean score.

    Raises:
        FusionError: see :func:`fuse_maps`; or the boxes differ, or a person is of a file, which
            does not hold the network's maps.
    """
    if not all(isinstance(one, Person) for one in people):
        raise FusionError("people of a file cannot be fused; predict them anew, and fuse those")
    if any(
        one.image_size != people[0].image_size or (one.box_xyxy != people[0].box_xyxy).any()
        for one in people
    ):
        raise FusionError("cannot fuse people with different boxes; use the same boxes")
    maps = fuse_maps([one.maps for one in people], rule, correlation)
    return replace(people[0], maps=maps, score=sum(one.score for one in people) / len(people))


def _checked(
    rule: str, correlation: float, predictions: Sequence[PointPredictions | ChartMaps]
) -> FusionRule:
    """The rule of that name, if it can fuse these predictions."""
    if rule not in FUSION_RULES:
        raise FusionError(f"there is no fusion rule {rule!r}; use one of {', '.join(FUSION_RULES)}")
    if not 0 <= correlation < 1:
        raise FusionError(f"the correlation of errors must be in [0, 1), not {correlation}")
    if not len(predictions):
        raise FusionError("there are no predictions to fuse")
    chosen = FUSION_RULES[rule]
    if chosen.is_product and any(one.variance is None for one in predictions):
        raise FusionError(f"the rule {rule!r} needs models with a variance; use 'average'")
    if correlation and not chosen.is_product:
        raise FusionError(f"the rule {rule!r} takes no correlation: it is not a product")
    return chosen


def _fused(
    rule: FusionRule,
    models: Sequence[PartCorrelatedUV],
    weight: torch.Tensor,
    informs: torch.Tensor,
    correlation: float,
) -> PartCorrelatedUV:
    """Apply a rule, and scale the covariance by the correlation of the models' errors."""
    fused = rule.fuse(models, weight, informs)
    number = models_that_count(weight).to(weight)
    if fused.shared_size:
        # Points that are jointly Gaussian must have the same factor.
        largest = number.new_ones(fused.num_groups)
        number = largest.scatter_reduce(0, fused.group, number, "amax")[fused.group]
    factor = 1 + (number - 1) * correlation
    of_group = factor.new_ones(fused.num_groups).scatter(0, fused.group, factor)
    return PartCorrelatedUV(
        fused.mean_uv,
        factor * fused.variance_uv,
        factor.sqrt()[:, None] * fused.direction,
        of_group[:, None, None] * fused.shared_covariance,
        fused.group,
        fused.basis,
    )


def _without_noise(maps: ChartMaps) -> ChartMaps:
    return ChartMaps(maps.coarse_segm, maps.fine_segm, maps.u, maps.v)


def _fuse_box(
    maps: Sequence[ChartMaps], segmentation: ChartMaps, rule: FusionRule, correlation: float
) -> ChartMaps:
    """Fuse the maps of one box; float64, except the segmentation."""
    _, charts, side, _ = segmentation.u.shape
    foreground = segmentation.coarse_segm[0].argmax(dim=0) > 0
    part = torch.where(foreground, segmentation.fine_segm[0].argmax(dim=0), 0)
    group = torch.arange(charts, device=part.device).repeat_interleave(side * side)
    informs = (group == part.flatten().repeat(charts)) & (group > 0)

    models = [_cells(one, group, informs) for one in maps]
    probability = torch.stack([one.fine_segm[0].double().log_softmax(dim=0) for one in maps])
    weight = part_weights(probability).flatten(1)
    fused = _fused(rule, models, weight, informs, correlation)
    if rule.is_product:
        largest = max(model.shared_size for model in models)
        fused = in_basis_of_size(fused, min(largest, fused.shared_size), informs)

    u, v = fused.mean_uv.T.reshape(2, 1, charts, side, side)
    if any(one.variance is None for one in maps):
        return replace(segmentation, u=u, v=v)
    direction = with_sign_of(maps[0].direction, fused.direction.T.reshape(2, 1, charts, side, side))
    shared = fused.shared_covariance[None] if fused.shared_size else None
    return replace(
        segmentation,
        u=u,
        v=v,
        variance=fused.variance_uv.reshape(1, charts, side, side),
        direction=direction,
        shared_covariance=shared,
    )


def _cells(maps: ChartMaps, group: torch.Tensor, informs: torch.Tensor) -> PartCorrelatedUV:
    """The cells of all charts of a box, one group per chart."""
    charts = maps.u.shape[1]
    mean = torch.stack([maps.u, maps.v], dim=-1).reshape(-1, 2).double()
    variance, direction, shared = maps.variance, maps.direction, maps.shared_covariance
    centre = mean_of_counted(mean, group, charts, informs, 0.5)
    return PartCorrelatedUV(
        mean,
        torch.zeros_like(mean[:, 0]) if variance is None else variance.flatten().double(),
        torch.zeros_like(mean) if direction is None else direction[0].flatten(1).T.double(),
        mean.new_zeros(charts, 0, 0) if shared is None else shared[0].double(),
        group,
        centre_uv=centre[group],
    )
