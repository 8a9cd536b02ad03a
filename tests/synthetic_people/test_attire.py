"""Dressed people stand on the ground in clothes of all kinds."""

import numpy as np
import pytest

from synthetic_people.attire import Legs, dressed, sample_attire
from synthetic_people.pose import STANCES
from synthetic_people.textures import linear_to_srgb
from synthetic_people.volume.skin import HairySkin, wide_skin_colour
from synthetic_people.volume.tailor import THICKNESS_M


@pytest.fixture(scope="module")
def people(person_maker):
    """Pairs of the same people in skin and dressed."""
    rng = np.random.default_rng(4)
    bare = [person_maker.sample(rng, list(STANCES)) for _ in range(10)]
    return [(person, dressed(rng, person, person_maker.mesh)) for person in bare]


def test_the_lowest_point_of_what_is_worn_touches_the_ground(people):
    for _, person in people:
        assert person.vertices[:, 2].min() == pytest.approx(0, abs=1e-5)


def test_the_body_and_its_keypoints_are_lifted_by_the_soles(people):
    for bare, person in people:
        lift = person.body_vertices - bare.vertices
        assert np.ptp(lift, axis=0).max() < 1e-5
        np.testing.assert_allclose(person.keypoints - bare.keypoints, lift[:17], atol=1e-5)
        assert 0 <= lift[0, 2] < 0.08
        if bare.seated:
            assert person.seat_top_m - bare.seat_top_m == pytest.approx(lift[0, 2], abs=1e-5)


def test_clothes_are_outside_of_the_skin_and_not_far(people):
    thickest = max(most for _, most in THICKNESS_M.values())
    for bare, person in people:
        offset = person.vertices - person.body_vertices
        distance = np.linalg.norm(offset, axis=1)
        assert 0.001 < distance.max() < 2.2 * thickest
        covered = distance > 1e-3
        assert ((offset * bare.normals).sum(axis=1)[covered] > 0).mean() > 0.98


def test_worn_meshes_are_finite_and_near_the_body(people):
    worn = [(person, drape) for _, person in people for drape in person.drapes]
    assert len(worn) >= 5
    for person, drape in worn:
        assert np.isfinite(drape.vertices).all() and drape.faces.max() < len(drape.vertices)
        low, high = person.vertices.min(axis=0) - 0.3, person.vertices.max(axis=0) + 0.3
        assert (drape.vertices >= low).all() and (drape.vertices <= high).all()
        np.testing.assert_allclose(
            np.linalg.norm(drape.normals[np.unique(drape.faces)], axis=1), 1, atol=1e-3
        )


def test_all_kinds_of_things_are_worn(person_maker):
    names, drapes, bags = set(), 0, 0
    for seed in range(60):
        attire = sample_attire(np.random.default_rng(seed), person_maker.mesh, Legs(1.9, False))
        names |= {garment.name for garment in attire.garments}
        drapes, bags = drapes + len(attire.drapes), bags + len(attire.bags)
    assert names == set(THICKNESS_M)
    assert drapes > 30 and bags > 5


def test_the_same_generator_dresses_the_same(person_maker):
    person = person_maker.sample(np.random.default_rng(0), ["stand"])
    first, second = (dressed(np.random.default_rng(5), person, person_maker.mesh) for _ in range(2))
    np.testing.assert_array_equal(first.vertices, second.vertices)
    for a, b in zip(first.drapes, second.drapes, strict=True):
        np.testing.assert_array_equal(a.vertices, b.vertices)


def test_skin_goes_from_dark_to_pale():
    rng = np.random.default_rng(0)
    tones = linear_to_srgb(np.array([wide_skin_colour(rng) for _ in range(300)])) * 255
    brightness = tones.mean(axis=1)
    assert brightness.min() < 45 and brightness.max() > 215
    counts, _ = np.histogram(brightness, bins=5, range=(30, 230))
    assert counts.min() > 25
    assert (tones[:, 0] > tones[:, 2]).all()


def test_hair_on_the_skin_darkens_shins_and_forearms_only(person_maker):
    mesh = person_maker.mesh
    rest = mesh.rest_coordinates
    changed = np.zeros(len(rest), dtype=bool)
    with_hair = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        attire = sample_attire(rng, mesh, Legs(1.0, False))
        skin = attire.outfit.blotches
        assert isinstance(skin, HairySkin)
        darker = skin(rest[:, :3]) < skin.blotches(rest[:, :3]) - 0.05
        changed |= darker
        with_hair += darker.any()
    assert 2 <= with_hair <= 13
    head_or_trunk = np.isin(mesh.face_part, (1, 2, 23, 24))
    assert not changed[np.unique(mesh.faces[head_or_trunk])].any()
