"""The errors of a person's correspondences at points where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.dense_person import DensePerson


@dataclass(frozen=True)
class PointErrors:
    """Errors at P annotated points.

    Attributes:
        xy_image: (P, 2) pixels, pixel centres at half integers.
        distance_cm: (P,) geodesic distance between prediction and truth on the rest body; infinite
            where the prediction is background or the point is outside the person's box.
    """

    xy_image: np.ndarray
    distance_cm: np.ndarray

    def __len__(self) -> int:
        return len(self.distance_cm)


def point_errors(
    person: DensePerson, xy_image: np.ndarray, part: np.ndarray, uv: np.ndarray
) -> PointErrors:
    """Errors of a person at points where the truth is known.

    Args:
        person: the prediction.
        xy_image: (P, 2) pixels, pixel centres at half integers.
        part: (P,) true charts 1..24.
        uv: (P, 2) true coordinates, chart units.
    """
    lookup, surface = person.metric.lookup, person.metric.surface
    prediction = person.at(xy_image)
    found_uv = prediction.mean_uv.float().numpy()
    # A diverged network predicts no point on the body.
    named = np.isfinite(found_uv).all(axis=-1)
    found_part = np.where(named, prediction.part.numpy(), 0)
    found = lookup.vertex(found_part, np.where(named[:, None], found_uv, 0))
    distance_cm = 100 * surface.geodesic_distance(found, lookup.vertex(part, uv))
    corner, far_corner = person.box_xyxy[:2], person.box_xyxy[2:]
    outside = ((xy_image < corner) | (xy_image > far_corner)).any(axis=-1)
    return PointErrors(xy_image, np.where(outside, np.inf, distance_cm))
