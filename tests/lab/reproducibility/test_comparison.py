"""Differences between two runs, entry by entry."""

import numpy as np
import pytest

from lab.reproducibility.comparison import describe, difference


def test_equal_arrays_differ_nowhere_and_nan_equals_nan():
    values = np.array([1.0, np.nan, np.inf])
    assert difference(values, values.copy()).share == 0
    assert describe(difference(values, values.copy())) == "equal"


def test_the_share_and_the_largest_difference_are_those_of_entries():
    found = difference(np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, 2.5, 4.0, 7.0]))
    assert (found.share, found.largest) == (0.5, 1.0)
    assert found.relative == pytest.approx(1 / 8)
    assert describe(found) == "1.0e+00 (50 % of values)"


def test_unsigned_pictures_do_not_wrap_around():
    one, other = np.array([0, 255], np.uint8), np.array([255, 0], np.uint8)
    assert difference(one, other).largest == 255


def test_a_number_against_nan_differs():
    assert difference(np.array([1.0, 2.0]), np.array([1.0, np.nan])).share == 0.5


def test_other_counts_are_named_and_nothing_at_all_is_equal():
    assert describe(difference(np.zeros(2), np.zeros(3))) == "other count"
    assert describe(difference(np.zeros(0), np.zeros(0))) == "equal"
