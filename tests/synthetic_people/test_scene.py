"""Random scenes are of the kind that was asked for."""

import numpy as np

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
