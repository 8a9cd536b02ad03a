import math

import pytest

from lab.experiments.report.statistics import Spread, paired_difference


def test_mean_and_deviation_of_a_sample():
    spread = Spread.of([1.0, 2.0, 6.0])
    assert (spread.mean, spread.count) == (3, 3)
    assert spread.deviation == pytest.approx(math.sqrt((4 + 1 + 9) / 2))


def test_values_that_were_not_measured_do_not_count():
    assert Spread.of([1.0, math.nan, 3.0]).count == 2
    assert Spread.of([math.nan]).text(2) == Spread.of([]).text(2) == "–"


def test_text():
    assert Spread.of([1.0, 2.0]).text(1) == "1.5 ± 0.7"
    assert Spread.of([1.0]).text(2, sign=True) == "+1.00"
    assert Spread.of([1.0, 1.5]).difference_text(1) == "**+1.2 ± 0.4**"
    assert Spread.of([-1.0, 1.5]).difference_text(1) == "+0.2 ± 1.8"


def test_beyond_the_spread_needs_two_seeds():
    assert Spread.of([-2.0, -2.5]).beyond
    assert not Spread.of([-1.0, 2.0]).beyond
    assert not Spread.of([5.0]).beyond
    assert not Spread.of([]).beyond


def test_what_seeds_have_in_common_drops_out_of_a_paired_difference():
    found = paired_difference({1: 10.5, 2: 20.5, 3: 7.0}, {2: 20.0, 1: 10.0, 4: 1.0})
    assert (found.mean, found.deviation, found.count) == (0.5, 0, 2)
