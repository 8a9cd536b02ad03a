"""The world `annotator`: what its labels and parameters say agrees with how they were made."""

import dataclasses

import numpy as np
import pytest

from synthetic_people.worlds.annotator import AnnotatorWorld, choose_views, split_variance
from synthetic_people.worlds.click_noise import ClickNoise
from synthetic_people.worlds.part_views import Placement
from synthetic_people.worlds.scales import GroupScales
from synthetic_people.worlds.slips import FRONT_BACK, LEFT_RIGHT, Slips
from tests.world_points import person
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance
from uncertain_densepose.surface import FINE_TO_COARSE

PEOPLE = 800
TORSO_FRONT, RIGHT_HAND, THIGH_FRONT_RIGHT, THIGH_FRONT_LEFT = 2, 3, 9, 10
NO_SLIPS = Slips(left_right=0.0, front_back=0.0)
# Points in the middle of the chest and belly, of a thigh, and of the back of a hand.
PART = [TORSO_FRONT] * 3 + [THIGH_FRONT_RIGHT] * 2 + [RIGHT_HAND]
UV = [[0.5, 0.5], [0.42, 0.6], [0.58, 0.6], [0.5, 0.5], [0.5, 0.6], [0.5, 0.3]]


@pytest.fixture(scope="module")
def distance(embedded_surface):
    return SurfaceDistance(embedded_surface)


@pytest.fixture(scope="module")
def labels(part_views):
    """One label set of each of many people with the same points, no slips."""
    world = AnnotatorWorld(part_views, slips=NO_SLIPS)
    return [world.relabel(person(number, PART, UV), seed=0) for number in range(PEOPLE)]


@pytest.fixture(scope="module")
def error_uv(labels):
    """(PEOPLE, 6, 2) chart units; NaN where the label is in another chart."""
    error = np.array([label.uv for label in labels]) - UV
    error[np.array([label.part for label in labels]) != PART] = np.nan
    return error


def test_without_errors_labels_are_the_truth(part_views):
    nothing = ClickNoise(shift_cm=(0.0,) * 15, jitter_cm=(0.0,) * 15, turn_rad=0, log_size=0)
    label = AnnotatorWorld(part_views, nothing, NO_SLIPS).relabel(person(1, PART, UV), seed=0)
    np.testing.assert_array_equal(label.part, PART)
    np.testing.assert_allclose(label.uv, UV, atol=0.012)
    for name in ("shared_variance", "variance"):
        np.testing.assert_allclose(label.noise[name], 0, atol=1e-30)


def test_labels_are_points_of_the_charts(labels, distance):
    for label in labels[:50]:
        assert ((label.part >= 1) & (label.part <= 24)).all()
        assert ((label.uv >= 0) & (label.uv <= 1)).all()
        assert (FINE_TO_COARSE[label.part] == FINE_TO_COARSE[PART]).all()


def test_errors_have_the_stated_size_in_centimetres(labels, distance):
    """A point in the middle of a part that faces a view errs by as much as its click does."""
    part = np.array([label.part for label in labels])
    uv = np.array([label.uv for label in labels])
    for point, coarse in ((0, 1), (3, 6)):
        true = distance.vertex(np.array(PART)[[point]], np.array(UV)[[point]])
        found = distance.vertex(part[:, point], uv[:, point])
        error_cm = 100 * distance.between_m(found, true)
        factor = np.array([label.noise["scale_cm"][point] for label in labels])
        factor = factor / ClickNoise().shift_cm[coarse]
        rng = np.random.default_rng(0)
        clicks = [
            ClickNoise().clicks(
                np.zeros((1, 2)), np.array([coarse]), np.zeros(1, int), np.array([f]), 1, rng
            )[0, 0]
            for f in factor
        ]
        on_view_cm = 100 * np.linalg.norm(clicks, axis=1)
        # Half as large again for the turn and scaling about the part's other points, and the
        # curvature of the body; clipping takes from the largest.
        assert 0.9 < np.median(error_cm) / np.median(on_view_cm) < 1.4


def test_hands_are_hit_better_than_the_torso(labels, distance):
    errors = []
    for label in labels:
        true = distance.vertex(np.array(PART), np.array(UV))
        errors.append(100 * distance.between_m(distance.vertex(label.part, label.uv), true))
    median = np.median(errors, axis=0)
    assert median[:3].min() > 2 * median[5] > 0
    assert 0.5 < median[5] < 2 and 2 < median[0] < 5


def test_tails_are_heavier_than_normal(error_uv):
    error = error_uv[:, 0, 0]
    error = error[np.isfinite(error)]
    beyond = np.abs(error) > 3 * error.std()
    assert beyond.mean() > 2.5 * 0.0027


def test_points_of_a_group_err_together(error_uv):
    both = np.isfinite(error_uv[:, :2]).all(axis=(1, 2))
    for axis in range(2):
        a, b = error_uv[both, 0, axis], error_uv[both, 1, axis]
        assert np.corrcoef(np.sign(a), np.sign(b))[0, 1] > 0.3
    ends = np.isfinite(error_uv[:, [0, 3]]).all(axis=(1, 2))
    signs = np.sign(error_uv[ends][:, [0, 3], 0])
    assert np.corrcoef(signs.T)[0, 1] == pytest.approx(0, abs=5 / np.sqrt(PEOPLE))


def test_stored_variances_are_those_of_the_labels(labels, error_uv):
    """Over people, who have the same points and visible difficulty."""
    torso = error_uv[:, :3]
    stay = np.isfinite(torso).all(axis=(1, 2))
    mean = torso[stay].mean(axis=1)
    shared = np.array([label.noise["shared_variance"][0] for label in labels])
    own = np.array([label.noise["variance"][0] for label in labels])
    # Medians of squares: means of heavy-tailed squares converge too slowly.
    scale = np.sqrt(shared[stay])[:, None]
    inside = (np.abs(mean - np.median(mean, axis=0)) < scale).mean()
    assert inside == pytest.approx(0.72, abs=0.06)
    rest = torso[stay] - mean[:, None] - np.median(torso[stay] - mean[:, None], axis=0)
    inside = (np.abs(rest) < np.sqrt(own[stay])[:, None, None]).mean()
    assert inside == pytest.approx(0.72, abs=0.06)


def test_scales_are_half_visible(part_views):
    easy = AnnotatorWorld(part_views).relabel(person(4, PART, UV, sigma_ratio=0.9), seed=0).noise
    hard = AnnotatorWorld(part_views).relabel(person(4, PART, UV, sigma_ratio=1.1), seed=0).noise
    assert (easy["visible_scale_cm"] < hard["visible_scale_cm"]).all()
    # The same annotator at the same group is off by the same factor.
    hidden = easy["scale_cm"] / easy["visible_scale_cm"]
    np.testing.assert_allclose(hidden, hard["scale_cm"] / hard["visible_scale_cm"])
    expected, annotator = GroupScales().hidden(4, seed=0)
    np.testing.assert_allclose(hidden, expected[FINE_TO_COARSE[PART]])
    assert easy["annotator"] == annotator


def test_whole_parts_slip_at_the_stated_rate(part_views):
    world = AnnotatorWorld(part_views, repeats=2)
    left_right = front_back = 0
    for number in range(PEOPLE):
        label = world.relabel(person(number, PART, UV), seed=0)
        slip = label.noise["slip"]
        assert len(np.unique(slip[:3])) == 1 and len(np.unique(slip[3:5])) == 1
        left_right += slip[3] == LEFT_RIGHT
        front_back += slip[3] == FRONT_BACK
        if slip[3] == LEFT_RIGHT:
            assert (FINE_TO_COARSE[label.part[3:5]] == FINE_TO_COARSE[THIGH_FRONT_LEFT]).all()
    assert left_right / PEOPLE == pytest.approx(0.015, abs=4 * np.sqrt(0.015 / PEOPLE))
    assert front_back / PEOPLE == pytest.approx(0.010, abs=4 * np.sqrt(0.010 / PEOPLE))


def test_a_slip_to_the_back_labels_the_back(part_views):
    nothing = ClickNoise(shift_cm=(0.0,) * 15, jitter_cm=(0.0,) * 15, turn_rad=0, log_size=0)
    always = Slips(left_right=0.0, front_back=1.0)
    label = AnnotatorWorld(part_views, nothing, always).relabel(person(1, PART, UV), seed=0)
    assert label.part.tolist() == [1, 1, 1, 7, 7, RIGHT_HAND]
    # The picture's left stays the picture's left: a point right of the chest's middle is now to the
    # other side of the body, and u runs to the picture's right on both charts of the torso.
    assert (label.uv[1, 0] < 0.5) == (UV[1][0] < 0.5)


def test_the_same_seed_and_person_give_the_same_labels(part_views):
    world = AnnotatorWorld(part_views)
    first, again = (world.relabel(person(9, PART, UV), seed=2) for _ in range(2))
    np.testing.assert_array_equal(first.uv, again.uv)
    for name, values in first.noise.items():
        np.testing.assert_array_equal(values, again.noise[name])
    assert (first.uv != world.relabel(person(9, PART, UV), seed=3).uv).any()
    assert (first.uv != world.relabel(person(8, PART, UV), seed=2).uv).any()


def test_more_repeats_leave_the_labels_alone(part_views):
    few, many = (
        AnnotatorWorld(part_views, repeats=count).relabel(person(9, PART, UV), seed=2).uv
        for count in (2, 5)
    )
    np.testing.assert_array_equal(few, many)


def test_parameters_name_every_constant(part_views):
    world = AnnotatorWorld(part_views)
    described = world.parameters()
    for name, model in (("clicks", world.noise), ("slips", world.slips), ("scales", world.scales)):
        assert {field.name for field in dataclasses.fields(model)} <= set(described[name])
    assert described["least_cosine"] == 0.3 and described["repeats"] == 16


def placement(cosine, shown, offered=None):
    cosine, shown = np.asarray(cosine, dtype=float), np.asarray(shown, dtype=bool)
    offered = np.ones_like(shown) if offered is None else np.asarray(offered, dtype=bool)
    return Placement(np.zeros((*cosine.shape, 2)), cosine, shown, offered)


def test_the_annotator_stays_with_the_view_that_shows_most():
    cosine = [[0.9, 0, 0.4, 0, 0, 0], [0.6, 0, 0.8, 0, 0, 0], [0.1, 0, 0.7, 0, 0, 0]]
    shown = np.array(cosine) > 0
    # View 2 has the larger sum, and shows all three well enough.
    assert choose_views(placement(cosine, shown), np.array([6, 6, 6]), 0.3).tolist() == [2, 2, 2]
    # At a higher demand the first point is clicked where it is seen best.
    assert choose_views(placement(cosine, shown), np.array([6, 6, 6]), 0.5).tolist() == [0, 2, 2]
    # Other parts have views of their own.
    assert choose_views(placement(cosine, shown), np.array([6, 7, 7]), 0.3).tolist() == [0, 2, 2]


def test_a_point_that_no_view_shows_is_clicked_where_its_chart_is_seen():
    cosine = [[0.9, -0.9, 0.2, -0.2, 0, 0]]
    offered = [[False, True, True, True, False, False]]
    hidden = placement(cosine, np.zeros((1, 6)), offered)
    assert choose_views(hidden, np.array([14]), 0.3).tolist() == [2]


def test_variances_against_plain_loops():
    rng = np.random.default_rng(0)
    error, part = rng.normal(size=(5, 6, 2)), np.array([3, 7, 3, 7, 7, 9])
    shared, own = split_variance(error, part)
    for chart in (3, 7, 9):
        members = np.flatnonzero(part == chart)
        expected_shared, expected_own = [], []
        for axis in range(2):
            means = [np.mean([error[r, i, axis] for i in members]) for r in range(5)]
            expected_shared.append(np.var(means, ddof=1))
            for i in members:
                rest = [error[r, i, axis] - means[r] for r in range(5)]
                expected_own.append(np.var(rest, ddof=1))
        np.testing.assert_allclose(shared[members], np.mean(expected_shared))
        np.testing.assert_allclose(own[members], np.mean(expected_own), atol=1e-15)
    total = error.var(axis=0, ddof=1).mean(axis=-1)
    np.testing.assert_allclose((shared + own)[part == 7], total[part == 7].mean())
