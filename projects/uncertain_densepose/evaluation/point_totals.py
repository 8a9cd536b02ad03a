"""What evaluation keeps of the annotated points of an image, once each person has its box."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from ..structures import ChartMaps, PointPredictions
from .calibration import CalibrationTotals, calibration_totals, mahalanobis_squared
from .ground_truth import AnnotatedImage
from .likelihood import LikelihoodTotals, SquaredErrorTotals, group_points, likelihood_totals
from .matching import UNMATCHED
from .point_reading import read_points
from .readings import noise_model, own_noise_model
from .recalibration import MahalanobisTotals, Recalibration, require_variance
from .surface_distance import SurfaceDistance


@dataclass(frozen=True)
class PointTotals:
    """Sums over annotated points. Totals of disjoint sets of images add up."""

    likelihood: LikelihoodTotals = field(default_factory=LikelihoodTotals)
    calibration: CalibrationTotals = field(default_factory=CalibrationTotals)

    def __add__(self, other: PointTotals) -> PointTotals:
        return PointTotals(
            self.likelihood + other.likelihood,
            self.calibration + other.calibration,
        )


@dataclass(frozen=True)
class _CountedPoints:
    """The points of all people of an image but crowds, and the box that answers for each.

    Attributes:
        person, xy, part, uv: (P, ...) as in `AnnotatedImage`.
        box: (P,) int64, `UNMATCHED` for the points of a person without a box.
    """

    person: np.ndarray
    xy: np.ndarray
    part: np.ndarray
    uv: np.ndarray
    box: np.ndarray

    @staticmethod
    def of(image: AnnotatedImage, match: np.ndarray) -> _CountedPoints:
        """The points of an image, given the box (G,) of each person."""
        counted = ~image.iscrowd[image.person]
        columns = (image.person, image.xy, image.part, image.uv)
        return _CountedPoints(*(c[counted] for c in columns), match[image.person[counted]])

    def __len__(self) -> int:
        return len(self.part)

    def read(
        self, maps: ChartMaps | None, boxes_xyxy: torch.Tensor
    ) -> tuple[np.ndarray, PointPredictions | None]:
        """Indices of the points that lie in their box, and the predictions there, in the charts of
        the annotation; None if there is no such point."""
        answered = np.flatnonzero(self.box != UNMATCHED)
        if maps is None or len(answered) == 0:
            return answered[:0], None
        inside, points = read_points(
            maps, boxes_xyxy, self.box[answered], self.xy[answered], part=self.part[answered]
        )
        return answered[inside], points if inside.any() else None


@dataclass(frozen=True)
class _PointsInChart:
    """R annotated points that were read in the charts of their annotation.

    Attributes:
        predicted: float64 predictions.
        uv: (R, 2) float64 annotated coordinates, chart units.
        group: (R,) int64, the pair of person and part.
    """

    predicted: PointPredictions
    uv: torch.Tensor
    group: torch.Tensor

    @staticmethod
    def of(
        points: _CountedPoints, maps: ChartMaps | None, boxes_xyxy: torch.Tensor
    ) -> _PointsInChart | None:
        """None if there are no such points."""
        read, predicted = points.read(maps, boxes_xyxy)
        if predicted is None:
            return None
        group = group_points(points.person[read], points.part[read])
        return _PointsInChart(predicted, torch.as_tensor(points.uv[read]), torch.as_tensor(group))

    @property
    def residual_uv(self) -> torch.Tensor:
        """(R, 2) annotated minus predicted coordinates, chart units."""
        return self.uv - self.predicted.mean_uv


def point_totals(
    image: AnnotatedImage,
    maps: ChartMaps | None,
    boxes_xyxy: torch.Tensor,
    match: np.ndarray,
    distance: SurfaceDistance,
    global_variance: float | None = None,
    recalibration: Recalibration | None = None,
) -> PointTotals:
    """What is measured at the points of all people of an image, crowds left out.

    Args:
        image: its annotations.
        maps: of D boxes; None if there are none.
        boxes_xyxy: (D, 4) pixels.
        match: (G,) int64, the box that stands for each person, or `UNMATCHED`.
        distance: the surface of the annotations.
        global_variance: chart units², as in `likelihood_totals`; a model that predicts no variance
            is calibrated with it as well.
        recalibration: applied to predicted covariances before likelihood and calibration.

    Raises:
        RecalibrationError: there is one, and the model predicts no variance.
    """
    points = _CountedPoints.of(image, match)
    in_chart = _PointsInChart.of(points, maps, boxes_xyxy)
    if in_chart is None:
        return PointTotals(LikelihoodTotals(num_points=len(points)))
    if recalibration is not None:
        in_chart = replace(in_chart, predicted=recalibration.apply(in_chart.predicted))
    likelihood = likelihood_totals(
        in_chart.predicted, in_chart.uv, in_chart.group, len(points), global_variance
    )
    calibration = _calibration(in_chart, distance, global_variance)
    return PointTotals(likelihood, calibration)


def _calibration(
    points: _PointsInChart, distance: SurfaceDistance, global_variance: float | None
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
    points = _PointsInChart.of(_CountedPoints.of(image, match), maps, boxes_xyxy)
    return SquaredErrorTotals() if points is None else SquaredErrorTotals.of(points.residual_uv)


def mahalanobis_totals(
    image: AnnotatedImage, maps: ChartMaps | None, boxes_xyxy: torch.Tensor, match: np.ndarray
) -> MahalanobisTotals:
    """Squared Mahalanobis distances of the same residuals, each point by itself.

    Raises:
        RecalibrationError: the model predicts no variance.
    """
    points = _PointsInChart.of(_CountedPoints.of(image, match), maps, boxes_xyxy)
    if points is None:
        return MahalanobisTotals()
    require_variance(points.predicted)
    covariance = noise_model(points.predicted, points.group).covariance()
    distance = mahalanobis_squared(points.residual_uv, covariance)
    return MahalanobisTotals.of(points.predicted.part, distance)
