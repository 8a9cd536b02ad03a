import math

import pandas as pd
import pytest

from lab.experiments.report.statistics import Spread


def spread(*values):
    return Spread.of(pd.Series(values, dtype=float))


def test_mean_and_deviation_of_a_sample():
    found = spread(1.0, 2.0, 6.0)
    assert (found.mean, found.count) == (3, 3)
    assert found.deviation == pytest.approx(math.sqrt((4 + 1 + 9) / 2))


def test_values_that_were_not_measured_do_not_count():
    assert spread(1.0, math.nan, 3.0).count == 2
    assert spread(math.nan).text(2) == spread().text(2) == "–"


def test_text():
    assert spread(1.0, 2.0).text(1) == "1.5 ± 0.7"
    assert spread(1.0).text(2, sign=True) == "+1.00"
    assert spread(1.0, 1.5).difference_text(1) == "**+1.2 ± 0.4**"
    assert spread(-1.0, 1.5).difference_text(1) == "+0.2 ± 1.8"


def test_beyond_the_spread_needs_two_seeds():
    assert spread(-2.0, -2.5).beyond
    assert not spread(-1.0, 2.0).beyond
    assert not spread(5.0).beyond
    assert not spread().beyond


def test_means_half_way_between_two_texts_are_printed_as_exact_sums_are():
    assert spread(99.8566, 99.9102, 99.8282).text(2) == "99.87 ± 0.04"
