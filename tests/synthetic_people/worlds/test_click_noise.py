"""Clicks miss by a heavy-tailed similarity of the whole part, and each on its own."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import t as student

from synthetic_people.worlds.click_noise import ClickNoise
from uncertain_densepose.surface.parts import COARSE_PART_NAMES

REPEATS = 40_000
TORSO, RIGHT_HAND, UPPER_LEG = 1, 2, 6
XY = np.array([[0.0, 0.1], [0.05, 0.0], [-0.1, -0.1], [0.02, 0.05]])
CENTRE = XY.mean(axis=0)
NO_JITTER = dataclasses.replace(ClickNoise(), jitter_cm=(0.0,) * 15)
# In standard deviations; heavy tails make sample deviations uncertain, so that quartiles are used.
UPPER_QUARTILE = student.ppf(0.75, 4) / np.sqrt(2)


def draw(noise, coarse=TORSO, factor=1.0, xy=XY, group=None, repeats=REPEATS, seed=0):
    count = len(xy)
    return noise.clicks(
        xy,
        np.full(count, coarse),
        np.zeros(count, int) if group is None else np.asarray(group),
        np.full(count, factor),
        repeats,
        np.random.default_rng(seed),
    )


def similarities(clicks):
    """Shift (R, 2), turn and log size (R,) of the best fit to each repeat, about the centre."""
    offset = XY - CENTRE
    shift = clicks.mean(axis=1) - CENTRE
    rest = clicks - clicks.mean(axis=1, keepdims=True)
    along = (rest * offset).sum(axis=(1, 2))
    across = (offset[:, 0] * rest[..., 1] - offset[:, 1] * rest[..., 0]).sum(axis=1)
    return shift, np.arctan2(across, along), np.log(np.hypot(along, across) / (offset**2).sum())


def spread(values):
    """The standard deviation, from the quartiles of a Student variable."""
    return np.diff(np.percentile(values, [25, 75]))[0] / 2 / UPPER_QUARTILE


@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_a_part_is_shifted_turned_and_scaled_by_the_stated_sizes(factor):
    shift, turn, log_size = similarities(draw(NO_JITTER, factor=factor))
    for axis in range(2):
        assert 100 * spread(shift[:, axis]) == pytest.approx(3.0 * factor, rel=0.03)
    assert spread(turn) == pytest.approx(0.08 * factor, rel=0.03)
    assert spread(log_size) == pytest.approx(0.06 * factor, rel=0.03)


def test_without_jitter_the_clicks_are_a_similarity_of_the_points():
    clicks = draw(NO_JITTER, repeats=100)
    shift, turn, log_size = similarities(clicks)
    for repeat in range(100):
        cos, sin = np.cos(turn[repeat]), np.sin(turn[repeat])
        matrix = np.exp(log_size[repeat]) * np.array([[cos, -sin], [sin, cos]])
        expected = CENTRE + shift[repeat] + (XY - CENTRE) @ matrix.T
        np.testing.assert_allclose(clicks[repeat], expected, atol=1e-12)


def test_jitter_is_each_points_own():
    still = dataclasses.replace(ClickNoise(), shift_cm=(0.0,) * 15, turn_rad=0.0, log_size=0.0)
    error = draw(still, coarse=RIGHT_HAND, factor=2.0) - XY
    for point in range(len(XY)):
        assert 100 * spread(error[:, point, 0]) == pytest.approx(2 * 0.5, rel=0.03)
    large = np.abs(error[..., 0]) > np.quantile(np.abs(error[..., 0]), 0.9)
    assert np.corrcoef(large[:, 0], large[:, 1])[0, 1] == pytest.approx(0, abs=0.02)


def test_tails_are_students():
    shift, turn, _ = similarities(draw(NO_JITTER))
    expected = 2 * student.sf(3 * np.sqrt(2), 4)
    assert expected > 4 * 0.0027
    for values, sd in ((100 * shift[:, 0], 3.0), (turn, 0.08)):
        assert (np.abs(values) > 3 * sd).mean() == pytest.approx(expected, rel=0.2)


def test_who_gets_a_part_wrong_gets_it_wrong_in_every_way():
    shift, turn, _ = similarities(draw(NO_JITTER))
    assert np.corrcoef(np.abs(shift[:, 0]), np.abs(turn))[0, 1] > 0.1
    assert np.corrcoef(np.sign(shift[:, 0]), np.sign(turn))[0, 1] == pytest.approx(0, abs=0.03)


def test_groups_are_independent():
    clicks = draw(NO_JITTER, xy=np.zeros((2, 2)), group=[0, 1])
    assert np.corrcoef(np.sign(clicks[:, 0, 0]), np.sign(clicks[:, 1, 0]))[0, 1] < 0.03


def test_small_marked_parts_are_hit_better_than_large_plain_ones():
    shift = dict(zip(COARSE_PART_NAMES, ClickNoise().shift_cm, strict=True))
    jitter = dict(zip(COARSE_PART_NAMES, ClickNoise().jitter_cm, strict=True))
    for size in (shift, jitter):
        easy = max(size[name] for name in ("head", "right hand", "left hand", "left foot"))
        hard = min(size[name] for name in ("torso", "upper leg right", "upper leg left"))
        assert easy < hard
    assert shift["upper arm left"] == shift["upper arm right"]


def test_no_points_are_no_clicks():
    assert draw(ClickNoise(), xy=np.zeros((0, 2)), repeats=3).shape == (3, 0, 2)
