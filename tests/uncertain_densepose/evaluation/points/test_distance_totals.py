import pickle

import numpy as np
import pytest

from uncertain_densepose.evaluation.points.distance_totals import (
    AUC_LIMITS_CM,
    BINS_PER_CM,
    THRESHOLDS_CM,
    DistanceTotals,
    area_under_curve,
)


def distances(count, seed=0):
    """Metres, some of them exactly on a threshold and one in twenty without an answer."""
    rng = np.random.default_rng(seed)
    metres = rng.exponential(0.1, count)
    metres[::7] = rng.choice(THRESHOLDS_CM, len(metres[::7])) / 100
    metres[::20] = np.inf
    return metres


@pytest.mark.parametrize("limit_cm", AUC_LIMITS_CM)
def test_the_area_under_the_curve_equals_its_sum_over_fine_steps(limit_cm):
    distance_m = distances(400)
    threshold_m = (np.arange(20_000) + 0.5) / 20_000 * limit_cm / 100
    curve = np.searchsorted(np.sort(distance_m), threshold_m) / len(distance_m)
    assert area_under_curve(distance_m, limit_cm).mean() == pytest.approx(curve.mean(), abs=1e-4)


def test_shares_and_areas_equal_those_of_the_points():
    distance_m = distances(1000)
    found = DistanceTotals.of(distance_m).accuracy()
    for t in THRESHOLDS_CM:
        assert found[f"within_{t}cm"] == pytest.approx(100 * np.mean(distance_m < t / 100))
    for a in AUC_LIMITS_CM:
        exact = 100 * np.mean([max(0.0, 1 - 100 * d / a) for d in distance_m])
        assert found[f"AUC{a}"] == pytest.approx(exact, rel=1e-12)


def test_the_curve_is_exact_every_millimetre_and_between_its_neighbours_elsewhere():
    distance_m = distances(1000)
    curve = DistanceTotals.of(distance_m).curve()
    exact = [np.mean(distance_m < t) for t in curve.distance_cm / 100]
    np.testing.assert_allclose(curve.share, exact, rtol=1e-12)
    assert (curve.share[0], curve.distance_cm[-1]) == (0, AUC_LIMITS_CM[-1])
    # The area below the drawn line is off by half the bin at most: 0.05 cm of what it goes over.
    drawn = np.trapezoid(curve.share, curve.distance_cm) / AUC_LIMITS_CM[-1]
    area = DistanceTotals.of(distance_m).areas()[0, -1]
    assert abs(drawn - area) < 0.5 / BINS_PER_CM / AUC_LIMITS_CM[-1]


def test_groups_are_measured_apart_and_together():
    distance_m, group = distances(300), np.random.default_rng(1).integers(0, 3, 300)
    totals = DistanceTotals.of(distance_m, group, 4)
    for index in range(3):
        own = DistanceTotals.of(distance_m[group == index]).accuracy()
        assert totals[index].accuracy() == pytest.approx(own)
    assert totals.num_points.tolist() == [*np.bincount(group), 0]
    assert np.isnan(totals.areas()[3]).all()
    assert totals.accuracy() == pytest.approx(DistanceTotals.of(distance_m).accuracy())


def test_totals_add_up_and_do_not_grow():
    distance_m = distances(500)
    whole = DistanceTotals.of(distance_m)
    added = DistanceTotals.of(distance_m[:123]) + DistanceTotals.of(distance_m[123:])
    np.testing.assert_array_equal(added.count, whole.count)
    np.testing.assert_allclose(added.area, whole.area, rtol=1e-12)
    assert len(pickle.dumps(DistanceTotals.of(distances(5)))) == len(pickle.dumps(whole))


@pytest.mark.filterwarnings("error")
def test_no_points():
    nothing = DistanceTotals.empty(2) + DistanceTotals.of(np.zeros(0), np.zeros(0, np.int64), 2)
    assert np.isnan(list(nothing.accuracy().values())).all()
    assert np.isnan(nothing.curve().share).all() and np.isnan(nothing.areas()).all()
