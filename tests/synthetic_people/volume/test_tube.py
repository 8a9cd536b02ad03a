"""Tubes of cloth hold the body, hang from what pushes them out, and leave hands alone."""

import numpy as np
import pytest
import scipy.spatial

from synthetic_people.attire import Legs
from synthetic_people.textures import SmoothField
from synthetic_people.volume.figure import Collider, Figure
from synthetic_people.volume.tube import TubeCut, hang_tube, polar_radius

FIELD = SmoothField(np.ones((1, 3), np.float32), np.zeros(1, np.float32))
EASE_M = 0.006


def grey(points):
    return np.full((len(points), 3), 0.5)


def figure(person_maker, seed, stance):
    person = person_maker.sample(np.random.default_rng(seed), [stance])
    return person, Figure(person_maker.mesh, person.vertices, person.normals, person.keypoints)


def skirt(wearer, flare=0.1, hem=1.2, opening=0.0, folds=0.0):
    at = wearer.mesh.landmarks
    hem_z = at["hip"][2] + hem * (at["knee"][2] - at["hip"][2])
    cut = TubeCut(at["hip"][2] + 0.1, hem_z, EASE_M, flare, 8, folds, 0.3, opening)
    return cut, hang_tube(wearer, cut, grey, FIELD, 0.0)


@pytest.mark.parametrize("stance", ["stand", "walk", "wide"])
def test_the_body_is_inside(person_maker, stance):
    """Seen along rays from the axis, the skirt is beyond the body at every height."""
    for seed in (1, 2):
        _, wearer = figure(person_maker, seed, stance)
        cut, drape = skirt(wearer)
        rings = drape.vertices.reshape(-1, 64, 3)
        rest = wearer.mesh.rest_coordinates
        legs = (rest[:, 3] < 0) & (rest[:, 2] < cut.top_z - 0.13) & (rest[:, 2] > cut.hem_z)
        depth = []
        for ring in rings[4:]:
            z = ring[:, 2].mean()
            near = wearer.outside[legs & (np.abs(wearer.outside[:, 2] - z) < 0.008)][:, :2]
            hull = scipy.spatial.ConvexHull(ring[:, :2])
            if len(near):
                depth.append((near @ hull.equations[:, :2].T + hull.equations[:, 2]).max())
        # By more than a hair it never is.
        assert len(depth) > 5 and max(depth) < 0.002


def test_the_polygon_of_a_support_function_is_the_largest_that_it_allows():
    """Slow twin: walk outwards along each direction until a half-plane ends."""
    rng = np.random.default_rng(0)
    angles = 2 * np.pi * np.arange(24) / 24
    circle = np.stack([np.cos(angles), np.sin(angles)])
    for _ in range(3):
        support = (rng.normal(size=(40, 2)) * rng.uniform(0.05, 0.3, size=2) @ circle).max(axis=0)
        expected = []
        for direction in circle.T:
            steps = np.linspace(0, 2, 20001)
            allowed = (steps[:, None] * (direction @ circle) <= support).all(axis=1)
            expected.append(steps[allowed].max())
        np.testing.assert_allclose(polar_radius(support), expected, atol=2e-4)


def test_polar_radius_of_a_circle_is_its_radius():
    np.testing.assert_allclose(polar_radius(np.full((2, 72), 0.3)), 0.3, rtol=1e-6)


def test_a_flare_widens_and_the_body_limits_a_taper(person_maker):
    _, wearer = figure(person_maker, 1, "stand")

    def widths(flare):
        rings = skirt(wearer, flare)[1].vertices.reshape(-1, 64, 3)
        return np.ptp(rings[..., 0], axis=1)

    assert (widths(0.3)[6:] > widths(0.0)[6:]).all()
    assert (widths(0.0)[6:] >= widths(-0.5)[6:] - 1e-5).all()
    hip = np.abs(wearer.keypoints[11] - wearer.keypoints[12]).max()
    assert widths(-0.5).min() > hip


def test_an_open_coat_has_a_gap_in_front_only(person_maker):
    _, wearer = figure(person_maker, 1, "stand")
    _, closed = skirt(wearer)
    cut, open_ = skirt(wearer, opening=0.4)
    assert 0.8 < len(open_.faces) / len(closed.faces) < 0.95
    gone = set(map(tuple, closed.faces.tolist())) - set(map(tuple, open_.faces.tolist()))
    middles = closed.vertices[np.array(sorted(gone))].mean(axis=1)
    backwards = np.cross([0.0, 0.0, 1.0], wearer.keypoints[11] - wearer.keypoints[12])
    assert ((middles - wearer.hips) @ backwards < 0).all()


def test_hands_stay_outside(person_maker):
    for seed in range(12):
        person = person_maker.sample(np.random.default_rng(seed), ["stand"])
        hands = person_maker.mesh.rest_coordinates[:, 3] > person_maker.mesh.arm_lengths[1]
        wearer = Figure(person_maker.mesh, person.vertices, person.normals, person.keypoints)
        _, drape = skirt(wearer, flare=0.4)
        rings = drape.vertices.reshape(-1, 64, 3)
        for ring in rings[6:]:
            beside = person.vertices[hands & (np.abs(person.vertices[:, 2] - ring[0, 2]) < 0.01)]
            if len(beside):
                centre = ring.mean(axis=0)[:2]
                turn = np.arctan2(*(beside[:, :2] - centre).T[::-1])
                around = np.arctan2(*(ring[:, :2] - centre).T[::-1])
                order = np.argsort(around)
                reach = np.interp(
                    turn, around[order], np.linalg.norm(ring[order, :2] - centre, axis=1),
                    period=2 * np.pi,
                )  # fmt: skip
                inside = np.linalg.norm(beside[:, :2] - centre, axis=1) < reach - 0.02
                assert inside.mean() < 0.3


def test_a_hem_above_the_top_is_refused(person_maker):
    _, wearer = figure(person_maker, 1, "stand")
    with pytest.raises(ValueError, match="below the top"):
        hang_tube(wearer, TubeCut(0.0, 0.1, EASE_M, 0.0, 5, 0.0, 0.0), grey, FIELD, 0.0)


def test_poses_limit_how_long_a_skirt_is(person_maker):
    sitting, _ = figure(person_maker, 0, "sit")
    standing, _ = figure(person_maker, 0, "stand")
    assert Legs.of(sitting).creased and Legs.of(sitting).longest < 1
    assert not Legs.of(standing).creased and Legs.of(standing).longest > 1.5


def test_the_collider_keeps_its_distance(person_maker):
    person, _ = figure(person_maker, 1, "stand")
    collider = Collider(person.vertices, person.normals)
    moved = collider.push_out(person.vertices[::200] - 0.02 * person.normals[::200], 0.01)
    height = ((moved - person.vertices[::200]) * person.normals[::200]).sum(axis=1)
    assert np.median(height) == pytest.approx(0.01, abs=2e-3)
    far = person.vertices[:5] + np.array([0.0, -1.0, 0.0])
    np.testing.assert_array_equal(collider.push_out(far, 0.01), far)
