"""Predictions as points of the rest body in metres, with their covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uncertain_densepose.surface import SurfacePoints, uv_to_surface

from .metric import CM_PER_M, ChartMetric, tangent_covariance_cm2
from .person import Person


@dataclass(frozen=True)
class BodyPoints:
    """P predicted points of the rest body; NaN where a prediction is background.

    Attributes:
        surface: faces, barycentric weights, positions and distances from the chart.
        covariance_m2: (P, 3, 3) float64 m², of rank 2, or None for a model without a noise model.
    """

    surface: SurfacePoints
    covariance_m2: np.ndarray | None

    @property
    def position_m(self) -> np.ndarray:
        """(P, 3) metres on the rest body."""
        return self.surface.position_m

    def __len__(self) -> int:
        return len(self.surface)


def body_points(
    metric: ChartMetric,
    part: np.ndarray,
    uv: np.ndarray,
    covariance_uv: np.ndarray | None = None,
) -> BodyPoints:
    """Chart coordinates and their covariance Σ as points of the body and J Σ Jᵀ.

    It is first-order propagation through the face at the mean: right while the body is nearly
    flat over a few standard deviations, which are centimetres on the torso and less on a finger.

    Args:
        metric: of the surface that the coordinates are of.
        part: (P,) integer charts 1..24, 0 background.
        uv: (P, 2) chart units.
        covariance_uv: (P, 2, 2) chart units², if there is any.
    """
    found = uv_to_surface(metric.lookup, part, uv[:, 0], uv[:, 1])
    if covariance_uv is None:
        return BodyPoints(found, None)
    jacobian_m = metric.face_jacobian_m(found.face).astype(np.float64)
    covariance_m2 = tangent_covariance_cm2(jacobian_m, covariance_uv) / CM_PER_M**2
    covariance_m2[found.face < 0] = np.nan
    return BodyPoints(found, covariance_m2)


def body_points_at(person: Person, xy_image: np.ndarray) -> BodyPoints:
    """The points of the body that positions (P, 2) of the image show, in pixels; see `Person.at`.

    All pixels of a person are `np.argwhere(person.part > 0)[:, ::-1] + person.window[:2] + 0.5`.
    """
    points = person.at(xy_image)
    covariance = points.covariance()
    return body_points(
        person.metric,
        points.part.numpy(),
        points.mean_uv.double().numpy(),
        None if covariance is None else covariance.double().numpy(),
    )
