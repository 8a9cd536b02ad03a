"""What evaluation keeps of the annotated points of an image, once each person has its box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from ...structures import ChartMaps, PointPredictions
from ..ground_truth import AnnotatedImage
from .calibration import CalibrationTotals, calibration_totals
from .correspondence import CorrespondenceTotals
from .likelihood import LikelihoodTotals, SquaredErrorTotals, likelihood_totals
from .points_in_chart import CountedPoints, PointsInChart
from .readings import own_noise_model
from .surface_distance import SurfaceDistance


@dataclass(frozen=True)
class PointTotals:
    """Sums over annotated points, of fixed size. Totals of disjoint sets of images add up."""

    correspondence: CorrespondenceTotals = field(default_factory=CorrespondenceTotals)
    likelihood: LikelihoodTotals = field(default_factory=LikelihoodTotals)
    calibration: CalibrationTotals = field(default_factory=CalibrationTotals)

    def __add__(self, other: PointTotals) -> PointTotals:
        return PointTotals(
            self.correspondence + other.correspondence,
            self.likelihood + other.likelihood,
            self.calibration + other.calibration,
        )


def point_totals(
    image: AnnotatedImage,
    maps: ChartMaps | None,
    boxes_xyxy: torch.Tensor,
    match: np.ndarray,
    correspondence: CorrespondenceTotals,
    distance: SurfaceDistance,
    global_variance: float | None = None,
    rescale: Callable[[PointPredictions], PointPredictions] | None = None,
) -> PointTotals:
    """What is measured at the points of all people of an image, crowds left out.

    Args:
        image: its annotations.
        maps: of D boxes; None if there are none.
        boxes_xyxy: (D, 4) pixels.
        match: (G,) int64, the box that stands for each person, or `UNMATCHED`.
        correspondence: of the same points, which follows from the predicted charts alone.
        distance: the surface of the annotations.
        global_variance: chart units², as in `likelihood_totals`; a model that predicts no variance
            is calibrated with it as well.
        rescale: applied to the predictions before likelihood and calibration, such as
            `Recalibration.apply`; what it raises is passed on.
    """
    points = CountedPoints.of(image, match)
    in_chart = PointsInChart.of(points, maps, boxes_xyxy)
    if in_chart is None:
        return PointTotals(correspondence, LikelihoodTotals(num_points=len(points)))
    if rescale is not None:
        in_chart = replace(in_chart, predicted=rescale(in_chart.predicted))
    likelihood = likelihood_totals(
        in_chart.predicted, in_chart.uv, in_chart.group, len(points), global_variance
    )
    calibration = _calibration(in_chart, distance, global_variance)
    return PointTotals(correspondence, likelihood, calibration)


def _calibration(
    points: PointsInChart, distance: SurfaceDistance, global_variance: float | None
) -> CalibrationTotals:
    predicted = points.predicted
    model = own_noise_model(predicted, points.group, global_variance)
    if model is None:
        return CalibrationTotals()
    jacobian_m = distance.jacobian_m(predicted.part.numpy(), predicted.mean_uv.numpy())
    return calibration_totals(points.residual_uv, model.covariance(), torch.from_numpy(jacobian_m))


def squared_error_totals(
    image: AnnotatedImage, maps: ChartMaps | None, boxes_xyxy: torch.Tensor, match: np.ndarray
) -> SquaredErrorTotals:
    """Squared residuals of the same points in the charts of the annotation; as `point_totals`."""
    points = PointsInChart.of(CountedPoints.of(image, match), maps, boxes_xyxy)
    return SquaredErrorTotals() if points is None else SquaredErrorTotals.of(points.residual_uv)
