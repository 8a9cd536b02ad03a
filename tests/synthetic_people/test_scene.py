"""Random scenes are of the kind that was asked for."""

import numpy as np
import pytest

from synthetic_people.presets import PRESETS
from synthetic_people.scene import sample_scene
from synthetic_people.scene_kind import SceneKind


def scenes(person_maker, kind, count):
    rng = np.random.default_rng(5)
    return [sample_scene(rng, person_maker, kind, width=128, height=160) for _ in range(count)]


def test_upright_people_are_alone_stand_and_are_seen_whole(person_maker):
    for scene in scenes(person_maker, PRESETS["upright"].scene, 12):
        (person,) = scene.people
        assert not scene.props and person.seat_top_m is None
        _, rows = scene.camera.project(person.keypoints[[0, 15, 16]]).T
        assert rows.min() > -8 and rows.max() < 168


def test_the_usual_kind_has_company_and_things(person_maker):
    drawn = scenes(person_maker, SceneKind(), 12)
    assert {len(scene.people) for scene in drawn} >= {1, 2}
    assert any(scene.props for scene in drawn)


def test_sizes_of_groups_follow_the_weights(person_maker):
    kind = SceneKind(num_people_weights=(0.0, 1.0), with_things=False)
    assert all(len(scene.people) == 2 for scene in scenes(person_maker, kind, 3))


# From before clothes had volumes: what a generator draws for older kinds must never change.
@pytest.mark.parametrize(
    ("preset", "things", "camera_t", "nose", "skin", "following"),
    [
        (
            "tiny", 2, [-0.197437, 1.000835, 5.853883], [0.00953, -0.19275, 1.07616],
            [0.225187, 0.069866, 0.026995], 1775972661,
        ),
        (
            "upright", 0, [0.551337, 0.984294, 2.358001], [-0.09823, -0.1132, 1.48438],
            [0.747535, 0.406859, 0.308343], 1344392123,
        ),
    ],
)  # fmt: skip
def test_older_kinds_draw_what_they_drew(
    person_maker, preset, things, camera_t, nose, skin, following
):
    rng = np.random.default_rng(11)
    scene = sample_scene(rng, person_maker, PRESETS[preset].scene, width=128, height=160)
    (person,) = scene.people
    assert len(scene.props) == things and not person.drapes and not person.carried
    np.testing.assert_allclose(scene.camera.t, camera_t, atol=1e-4)
    np.testing.assert_allclose(person.keypoints[0], nose, atol=1e-4)
    np.testing.assert_allclose(person.outfit.skin, skin, atol=1e-6)
    assert rng.integers(2**31) == following


def test_portraits_show_the_head_and_not_the_feet(person_maker):
    kind = SceneKind(num_people_weights=(1.0,), portrait_share=1.0, with_things=False)
    for scene in scenes(person_maker, kind, 6):
        pixels = scene.camera.project(scene.people[0].keypoints)
        inside = ((pixels >= 0) & (pixels < [128, 160])).all(axis=1)
        assert inside[:5].sum() >= 3 and not inside[15:].any()
