import numpy as np
import pytest

from uncertain_densepose.evaluation.detections.gps import (
    FINE_TO_GPS_GROUP,
    KAPPA_2018_M,
    KAPPA_M,
    geodesic_point_similarity,
    masked_similarity,
    point_similarity,
)
from uncertain_densepose.surface import PART_NAMES

KAPPA_BY_NAME = {
    "torso": 0.351,
    "hand": 0.107,
    "foot": 0.126,
    "upper leg": 0.237,
    "lower leg": 0.173,
    "upper arm": 0.142,
    "lower arm": 0.128,
    "head": 0.150,
}


@pytest.mark.parametrize("part", range(1, 25))
def test_every_part_has_the_length_scale_of_its_limb(part):
    (name,) = [name for name in KAPPA_BY_NAME if name in PART_NAMES[part]]
    assert KAPPA_M[FINE_TO_GPS_GROUP[part]] == KAPPA_BY_NAME[name]


def test_similarity_falls_to_one_over_root_e_at_kappa():
    distance = np.array([0.0, 0.107, 0.351, np.inf])
    part = np.array([1, 3, 1, 24])
    expected = [1.0, np.exp(-0.5), np.exp(-0.5), 0.0]
    np.testing.assert_allclose(point_similarity(distance, part), expected, rtol=1e-12)


def test_the_2018_definition_has_one_length_scale():
    similarity = point_similarity(np.array([0.255, 0.255]), np.array([1, 3]), KAPPA_2018_M)
    np.testing.assert_allclose(similarity, np.exp(-0.5))


def test_gps_is_the_mean_over_the_points_of_a_person():
    # Worked out on paper. Person 0 has a hand point 0.107 m off (e^-1/2 = 0.606531), a torso point
    # 0.351 √2 m off (e^-1 = 0.367879) and a head point that is background: 0.974410 / 3 = 0.324803.
    # Person 2 has one torso point without error. Person 1 has none.
    distance = np.array([[0.107, 0.351 * np.sqrt(2), np.inf, 0.0], [np.inf] * 4])
    part, person = np.array([3, 2, 23, 1]), np.array([0, 0, 0, 2])
    gps = geodesic_point_similarity(distance, part, person, num_people=3)
    np.testing.assert_allclose(gps, [[0.324803, 0, 1], [0, 0, 0]], atol=1e-6)
    # With half of the mask right: sqrt(0.324803 / 2) = 0.402991.
    np.testing.assert_allclose(masked_similarity(gps[0, 0], 0.5), 0.402991, atol=1e-6)


@pytest.mark.parametrize(("detections", "people"), [(0, 0), (0, 2), (3, 0), (3, 2)])
def test_no_points_give_no_similarity(detections, people):
    empty = np.zeros(0, dtype=np.int64)
    gps = geodesic_point_similarity(np.zeros((detections, 0)), empty, empty, people)
    np.testing.assert_array_equal(gps, np.zeros((detections, people)))
