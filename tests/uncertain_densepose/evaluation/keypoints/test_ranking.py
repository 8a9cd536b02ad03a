"""AUROC and risk-coverage curves against their definitions."""

import itertools
import math

import numpy as np
import pytest

from uncertain_densepose.evaluation.keypoints.ranking import auroc, risk_coverage


def slow_auroc(uncertainty, wrong):
    """All pairs of a wrong and a right answer."""
    pairs = [
        1.0 if u > v else 0.5 if u == v else 0.0
        for u, bad in zip(uncertainty, wrong, strict=True)
        if bad
        for v, other in zip(uncertainty, wrong, strict=True)
        if not other
    ]
    return sum(pairs) / len(pairs) if pairs else math.nan


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_auroc_against_all_pairs(seed, levels):
    rng = np.random.default_rng(seed)
    uncertainty = rng.integers(0, levels, 40).astype(np.float64)
    wrong = rng.random(40) < 0.3
    assert auroc(uncertainty, wrong) == pytest.approx(slow_auroc(uncertainty, wrong), nan_ok=True)


def test_auroc_of_what_knows_everything_nothing_and_the_opposite():
    wrong = np.array([False, False, True, True])
    assert auroc(np.arange(4.0), wrong) == 1
    assert auroc(np.zeros(4), wrong) == 0.5
    assert auroc(-np.arange(4.0), wrong) == 0
    for flags in ([True, True], [False, False], []):
        assert math.isnan(auroc(np.zeros(len(flags)), np.array(flags, bool)))


def slow_risk(uncertainty, wrong, num_steps):
    """The mean over all orders that sort by uncertainty."""
    count = len(wrong)
    orders = [
        order
        for order in itertools.permutations(range(count))
        if all(uncertainty[a] <= uncertainty[b] for a, b in itertools.pairwise(order))
    ]
    risk = []
    for step in range(1, num_steps + 1):
        kept = math.ceil(step * count / num_steps)
        risk.append(np.mean([np.mean([wrong[i] for i in order[:kept]]) for order in orders]))
    return np.array(risk)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("levels", [1, 3, 100])
def test_risk_against_all_orders(seed, levels):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 7))
    uncertainty = rng.integers(0, levels, count).astype(np.float64)
    wrong = rng.random(count) < 0.5
    for num_steps in (1, 4, 7):
        curve = risk_coverage(uncertainty, wrong, num_steps)
        np.testing.assert_allclose(curve.risk, slow_risk(uncertainty, wrong, num_steps), atol=1e-12)


def test_risk_of_all_answers_is_the_share_that_are_wrong():
    curve = risk_coverage(np.arange(10.0), np.arange(10) >= 7)
    assert curve.coverage[-1] == 1 and curve.risk[-1] == pytest.approx(0.3)
    assert curve.risk[:14].max() == 0 and curve.area() < 0.1


def test_without_answers_there_is_no_risk():
    curve = risk_coverage(np.zeros(0), np.zeros(0, bool))
    assert np.isnan(curve.risk).all() and math.isnan(curve.area())
