"""What evaluation keeps of the annotated points of an image, once each person has its box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from detectron2.structures import Instances

from ...structures import PointPredictions
from ..ground_truth import AnnotatedImage
from ..totals import Totals
from .calibration import CalibrationTotals, calibration_totals
from .correspondence import CorrespondenceTotals
from .likelihood import LikelihoodTotals, likelihood_totals
from .points_in_chart import PointsInChart
from .readings import own_noise_model
from .surface_distance import SurfaceDistance


@dataclass(frozen=True)
class PointTotals(Totals):
    """Sums over annotated points, of fixed size."""

    correspondence: CorrespondenceTotals = field(default_factory=CorrespondenceTotals)
    likelihood: LikelihoodTotals = field(default_factory=LikelihoodTotals)
    calibration: CalibrationTotals = field(default_factory=CalibrationTotals)


def point_totals(
    image: AnnotatedImage,
    instances: Instances,
    match: np.ndarray,
    correspondence: CorrespondenceTotals,
    distance: SurfaceDistance,
    global_variance: float | None = None,
    rescale: Callable[[PointPredictions], PointPredictions] | None = None,
) -> PointTotals:
    """What is measured at the points of all people of an image, crowds left out.

    Args:
        image, instances, match: as for `PointsInChart.of`.
        correspondence: of the same points, which follows from the predicted charts alone.
        distance: the surface of the annotations.
        global_variance: chart units², as in `likelihood_totals`; a model that predicts no variance
            is calibrated with it as well.
        rescale: applied to the predictions before likelihood and calibration, such as
            `Recalibration.apply`; what it raises is passed on.
    """
    num_points = int(image.counted.sum())
    points = PointsInChart.of(image, instances, match)
    if points is None:
        return PointTotals(correspondence, LikelihoodTotals(num_points=num_points))
    if rescale is not None:
        points = replace(points, predicted=rescale(points.predicted))
    predicted, group = points.predicted, points.group
    likelihood = likelihood_totals(predicted, points.uv, group, num_points, global_variance)
    model = own_noise_model(predicted, group, global_variance)
    if model is None:
        return PointTotals(correspondence, likelihood)
    jacobian_m = distance.jacobian_m(predicted.part.numpy(), predicted.mean_uv.numpy())
    calibration = calibration_totals(
        points.residual_uv, model.covariance(), torch.from_numpy(jacobian_m)
    )
    return PointTotals(correspondence, likelihood, calibration)
