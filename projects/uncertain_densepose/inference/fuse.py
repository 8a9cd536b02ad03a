"""What several models say of the same points, boxes or people, as one prediction.

Models that were trained on the same labels make some of the same errors, and the product of their
densities, which takes errors to be independent, is too sure of itself. With `correlation` ρ its
covariance is multiplied by 1 + (n - 1) ρ, n the number of models that enter. If the models' errors
e_k, each in units of its own covariance, have correlation ρ with one another, this is the exact
covariance of the fused error for models of equal covariances, Σ (1 + (n - 1) ρ) / n, and a bound
from above for any others: the product's error is Σ* Σ_k Σ_k⁻¹ e_k, and
X_kᵀ X_l + X_lᵀ X_k ⪯ X_kᵀ X_k + X_lᵀ X_l for any roots X_kᵀ X_k of the precisions. The means stay:
they are the best ones for equal covariances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from ..structures import ChartMaps, PointPredictions
from ..structures.chart_averaging import average_chart_maps, with_sign_of
from ..structures.point_predictions import own_covariance
from .fusion import FUSION_RULES, FusionError, FusionRule, part_weights
from .fusion.projection import in_basis_of_size
from .fusion.rule import mean_of_counted, models_that_count
from .part_field import PartField, basis_about
from .person import Person


def fuse_points(
    points: Sequence[PointPredictions],
    group: torch.Tensor,
    rule: str = "joint",
    log_probability: torch.Tensor | None = None,
    correlation: float = 0.0,
) -> PartField:
    """Fuse the predictions of M models at the same P points.

    Args:
        points: one prediction a model, all read in the same charts.
        group: (P,) int64 in 0..G-1, the pair of person and part of each point.
        rule: a name in `FUSION_RULES`.
        log_probability: (M, P) log-probability that each model gives to the chart of each point,
            from which `part_weights` makes how much it counts; all the same by default.
        correlation: ρ in [0, 1) of the models' errors, for the products.

    Returns:
        Mean, marginal covariance and distribution of the points. Of "joint" it is the exact product
        with a shared error of Σ_k K_k coordinates; of "inverse_covariance" the points are
        independent; of "average" the shared covariance is the models' mean.

    Raises:
        FusionError: there are no predictions, they are of different points or charts, or the rule
            needs what they lack.
    """
    chosen = _checked(rule, correlation, points)
    if any(not torch.equal(one.part, points[0].part) for one in points):
        raise FusionError("predictions of different points or charts cannot be fused")
    if log_probability is None:
        log_probability = points[0].mean_uv.new_zeros(len(points), len(points[0]))
    fields = [PartField.of(one, group) for one in points]
    informs = torch.ones_like(group, dtype=torch.bool)
    return _fused(chosen, fields, part_weights(log_probability), informs, correlation)


@torch.no_grad()
def fuse_maps(
    maps: Sequence[ChartMaps], rule: str = "joint", correlation: float = 0.0
) -> ChartMaps:
    """Fuse the predictions of M models for the same N boxes.

    The part probabilities are averaged, and the fused part of a cell is the likeliest by them. The
    coordinates of a chart are fused cell by cell with `part_weights` of the models' probabilities
    of that chart, so that in the chart that is shown only models which see it have a say. For the
    joint rule a group is the cells of a box that show one chart.

    Args:
        maps: one prediction a model, of the same boxes on grids of the same side.
        rule: a name in `FUSION_RULES`.
        correlation: ρ in [0, 1) of the models' errors, for the products.

    Returns:
        Maps of the first model's type. Segmentations are log-probabilities. Variance and direction
        hold any covariance of a cell exactly. The joint rule's shared covariance is the nearest one
        of the models' largest basis (`fusion.projection`); "inverse_covariance" has none.

    Raises:
        FusionError: as `fuse_points`, or the grids differ.
    """
    chosen = _checked(rule, correlation, maps)
    shapes = {(one.coarse_segm.shape, one.u.shape) for one in maps}
    if len(shapes) > 1:
        sides = [tuple(one.u.shape) for one in maps]
        raise FusionError(f"maps of different boxes, sides or segmentations: {sides}")
    segmentation = average_chart_maps(_without_noise(one) for one in maps)
    boxes = [
        _fuse_box([one[box] for one in maps], segmentation[box], chosen, correlation)
        for box in range(len(segmentation))
    ]
    if not boxes:
        return maps[0]
    return ChartMaps.cat(boxes).to(maps[0].u.dtype)


def fuse_people(people: Sequence[Person], rule: str = "joint", correlation: float = 0.0) -> Person:
    """Fuse what M models say of one person, such as by `Predictor.predict_boxes`.

    Args and errors: as :func:`fuse_maps`; the people must have the same box in images of the same
    size.

    Returns:
        A person of the mean score.
    """
    if any(
        one.image_size != people[0].image_size or (one.box_xyxy != people[0].box_xyxy).any()
        for one in people
    ):
        raise FusionError("people of different boxes cannot be fused; predict in the same boxes")
    maps = fuse_maps([one.maps for one in people], rule, correlation)
    return replace(people[0], maps=maps, score=sum(one.score for one in people) / len(people))


def _checked(
    rule: str, correlation: float, predictions: Sequence[PointPredictions | ChartMaps]
) -> FusionRule:
    """The rule of a name, when predictions can be fused by it."""
    if rule not in FUSION_RULES:
        raise FusionError(f"no fusion rule {rule!r}; there are {', '.join(FUSION_RULES)}")
    if not 0 <= correlation < 1:
        raise FusionError(f"the correlation of models must be in [0, 1), not {correlation}")
    if not len(predictions):
        raise FusionError("there are no predictions to fuse")
    chosen = FUSION_RULES[rule]
    if chosen.is_product and any(one.variance is None for one in predictions):
        raise FusionError(f"the rule {rule!r} needs models with a variance; use 'average'")
    if correlation and not chosen.is_product:
        raise FusionError(f"the rule {rule!r} has no use for a correlation: it multiplies nothing")
    return chosen


def _fused(
    rule: FusionRule,
    fields: Sequence[PartField],
    weight: torch.Tensor,
    informs: torch.Tensor,
    correlation: float,
) -> PartField:
    """The field of a rule, less sure by the correlation of the models' errors."""
    field = rule.fuse(fields, weight, informs)
    number = models_that_count(weight)
    if field.basis.shape[-1]:
        # One factor for all that is jointly Gaussian.
        largest = number.new_ones(field.num_groups)
        number = largest.scatter_reduce(0, field.group, number, "amax")[field.group]
    factor = 1 + (number - 1) * correlation
    of_group = factor.new_ones(field.num_groups).scatter(0, field.group, factor)
    return replace(
        field,
        own_covariance=factor[:, None, None] * field.own_covariance,
        shared_covariance=of_group[:, None, None] * field.shared_covariance,
    )


def _without_noise(maps: ChartMaps) -> ChartMaps:
    return ChartMaps(maps.coarse_segm, maps.fine_segm, maps.u, maps.v)


def _fuse_box(
    maps: Sequence[ChartMaps], segmentation: ChartMaps, rule: FusionRule, correlation: float
) -> ChartMaps:
    """Fuse the maps of one box; float64 but for the segmentation."""
    _, charts, side, _ = segmentation.u.shape
    foreground = segmentation.coarse_segm[0].argmax(dim=0) > 0
    part = torch.where(foreground, segmentation.fine_segm[0].argmax(dim=0), 0)
    group = torch.arange(charts, device=part.device).repeat_interleave(side * side)
    informs = (group == part.flatten().repeat(charts)) & (group > 0)

    fields = [_cells(one, group, informs) for one in maps]
    probability = torch.stack([one.fine_segm[0].double().log_softmax(dim=0) for one in maps])
    weight = part_weights(probability).flatten(1)
    fused = _fused(rule, fields, weight, informs, correlation)
    if rule.is_product:
        largest = max(field.basis.shape[-1] for field in fields)
        fused = in_basis_of_size(fused, min(largest, fused.basis.shape[-1]), informs)

    u, v = fused.mean_uv.T.reshape(2, 1, charts, side, side)
    if any(one.variance is None for one in maps):
        return replace(segmentation, u=u, v=v)
    variance, direction = fused.own_terms()
    direction = with_sign_of(maps[0].direction, direction.T.reshape(2, 1, charts, side, side))
    shared = fused.shared_covariance[None] if fused.basis.shape[-1] else None
    return replace(
        segmentation,
        u=u,
        v=v,
        variance=variance.reshape(1, charts, side, side),
        direction=direction,
        shared_covariance=shared,
    )


def _cells(maps: ChartMaps, group: torch.Tensor, informs: torch.Tensor) -> PartField:
    """The cells of all charts of a box as a field, a group a chart."""
    charts = maps.u.shape[1]
    mean = torch.stack([maps.u, maps.v], dim=-1).reshape(-1, 2).double()
    variance = None if maps.variance is None else maps.variance.flatten().double()
    direction = maps.direction
    if direction is not None:
        direction = direction[0].flatten(1).T.double()
    if maps.shared_covariance is None:
        shared = mean.new_zeros(charts, 0, 0)
    else:
        shared = maps.shared_covariance[0].double()
    centre = mean_of_counted(mean, group, charts, informs, 0.5)
    return PartField(
        mean_uv=mean,
        own_covariance=own_covariance(mean, variance, direction),
        shared_covariance=shared,
        basis=basis_about(mean, centre[group], shared.shape[-1]),
        group=group,
    )
