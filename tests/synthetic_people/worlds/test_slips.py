"""Sides are confused at the stated rates."""

import numpy as np
import pytest

from synthetic_people.worlds.slips import FRONT_BACK, LEFT_RIGHT, NO_SLIP, Slips

DRAWS = 20_000
TORSO, RIGHT_HAND, LEFT_HAND, UPPER_LEG_RIGHT, UPPER_LEG_LEFT, HEAD = 1, 2, 3, 6, 7, 14


def shares(visible, coarse):
    """Of slips to the left or right, and to front or back."""
    drawn = Slips().draw(np.full((DRAWS, 15), visible), np.random.default_rng(0))[:, coarse]
    return (drawn == LEFT_RIGHT).mean(), (drawn == FRONT_BACK).mean()


@pytest.mark.parametrize("visible", [1.0, 2.0])
def test_limbs_slip_at_the_stated_rates_times_the_squared_difficulty(visible):
    left_right, front_back = shares(visible, UPPER_LEG_RIGHT)
    error = 4 * np.sqrt(0.015 / DRAWS)
    assert left_right == pytest.approx(0.015 * visible**2, abs=error * visible)
    assert front_back == pytest.approx(0.010 * visible**2, abs=error * visible)


def test_parts_slip_only_to_a_side_that_they_have():
    assert shares(2.0, TORSO)[0] == 0 and shares(2.0, TORSO)[1] > 0
    assert shares(2.0, RIGHT_HAND)[0] > 0 and shares(2.0, RIGHT_HAND)[1] == 0
    assert shares(2.0, HEAD) == (0, 0)


def test_a_slipped_part_is_clicked_on_its_twin_or_in_the_opposite_view():
    slip = np.array([NO_SLIP, LEFT_RIGHT, FRONT_BACK, FRONT_BACK])
    coarse = np.array([UPPER_LEG_RIGHT, LEFT_HAND, UPPER_LEG_LEFT, TORSO])
    part, view = Slips.apply(slip, coarse, np.array([0, 2, 0, 3]))
    assert part.tolist() == [UPPER_LEG_RIGHT, RIGHT_HAND, UPPER_LEG_LEFT, TORSO]
    assert view.tolist() == [0, 2, 1, 2]
