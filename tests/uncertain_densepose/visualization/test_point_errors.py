"""Errors at annotated points: geodesic, and infinite where nothing was predicted."""

from __future__ import annotations

import numpy as np

from tests.uncertain_densepose.inference.people_factory import linear_person
from uncertain_densepose.visualization import point_errors


def test_errors_are_geodesic_distances_between_prediction_and_truth():
    person = linear_person((0, 0, 100, 100), (100, 120), part=2, derivative=((0.6, 0), (0, 0.6)))
    xy = np.array([[50.0, 50.0], [25.0, 60.0]])
    # In the stand-in surface a hundredth of u is a centimetre; the prediction is 0.5 and 0.35.
    truth = np.array([[0.5, 0.1], [0.42, 0.9]])
    errors = point_errors(person, xy, np.array([2, 2]), truth)
    np.testing.assert_allclose(errors.distance_cm, [0, 7], atol=1e-5)
    np.testing.assert_array_equal(errors.xy_image, xy)


def test_points_on_background_or_outside_the_box_are_infinitely_far():
    xy = np.array([[50.0, 50.0], [110.0, 50.0]])
    part, uv = np.array([2, 2]), np.full((2, 2), 0.5)
    body = linear_person((0, 0, 100, 100), (100, 120), part=2)
    assert np.isfinite(point_errors(body, xy, part, uv).distance_cm).tolist() == [True, False]
    background = linear_person((0, 0, 100, 100), (100, 120), part=0)
    assert np.isinf(point_errors(background, xy, part, uv).distance_cm).all()


def test_no_points():
    person = linear_person((0, 0, 100, 100), (100, 120))
    errors = point_errors(person, np.empty((0, 2)), np.empty(0, dtype=int), np.empty((0, 2)))
    assert len(errors) == 0
