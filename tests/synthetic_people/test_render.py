"""A rendered scene: correspondences are exact, and the picture shows the people."""

import dataclasses

import numpy as np
import pytest

from synthetic_people.pose import STANCES
from synthetic_people.render import NOBODY, Renderer
from synthetic_people.scene import sample_scene
from synthetic_people.scene_kind import SceneKind
from synthetic_people.sensor import encode_jpeg, expose, sample_sensor


@pytest.fixture(scope="module")
def scene(person_maker):
    return sample_scene(np.random.default_rng(7), person_maker, SceneKind(), width=128, height=160)


@pytest.fixture(scope="module")
def renderer(scene, person_maker):
    return Renderer(scene, person_maker.mesh)


def test_surface_points_project_back_to_their_pixels(scene, renderer, person_maker):
    seen = renderer.correspondences()
    row, column = np.nonzero(seen.person != NOBODY)
    assert len(row) > 500
    for index, person in enumerate(scene.people):
        mine = seen.person[row, column] == index
        r, c = row[mine], column[mine]
        corners = person.vertices[person_maker.mesh.faces[seen.face[r, c]]]
        points = (corners * seen.weights[r, c][:, :, None]).sum(axis=1)
        pixels = scene.camera.project(points)
        np.testing.assert_allclose(pixels, np.stack([c, r], axis=1) + 0.5, atol=0.02)
        np.testing.assert_allclose(
            scene.camera.to_camera(points)[:, 2], seen.depth_m[r, c], rtol=1e-3
        )


def test_pixels_of_nobody_carry_no_correspondence(renderer):
    seen = renderer.correspondences()
    empty = seen.person == NOBODY
    assert (seen.face[empty] == -1).all()
    assert (seen.weights[empty] == 0).all()
    np.testing.assert_allclose(seen.weights[~empty].sum(axis=1), 1, atol=1e-5)


def test_only_the_outside_of_the_skin_is_seen(scene, renderer, person_maker):
    seen = renderer.correspondences()
    for index, person in enumerate(scene.people):
        facing = person_maker.mesh.facing(person.vertices, person.face_normals, scene.camera.centre)
        assert facing[seen.face[seen.person == index]].all()


def test_colour_is_finite_and_people_stand_out(scene, renderer, person_maker):
    linear = renderer.colour()
    assert linear.shape == (160, 128, 3)
    assert np.isfinite(linear).all() and linear.min() >= 0
    without = Renderer(dataclasses.replace(scene, people=()), person_maker.mesh).colour()
    people = renderer.correspondences().person != NOBODY
    assert (np.abs(linear - without).max(axis=2) > 0.01)[people].mean() > 0.9


def test_the_picture_is_the_same_again(scene, renderer, person_maker):
    def encode(linear):
        rng = np.random.default_rng(0)
        sensor = sample_sensor(rng)
        return encode_jpeg(expose(linear, sensor, rng), sensor.jpeg_quality)

    again = Renderer(scene, person_maker.mesh)
    assert encode(renderer.colour()) == encode(again.colour())


def test_the_ground_is_darker_in_the_shadow(person_maker):
    from synthetic_people.backdrop import ContactShadow
    from synthetic_people.light import Light
    from synthetic_people.shadow import GroundShadow

    person = person_maker.sample(np.random.default_rng(0), list(STANCES))
    light = Light(np.array([0.6, 0.0, 0.8]), np.ones(3), np.ones(3), 0.05)
    shadow = GroundShadow([person.vertices], light, ContactShadow(0.25, 0.08, 0.6))
    chest = person.keypoints[[5, 6, 11, 12]].mean(axis=0)
    below = chest[:2] - light.direction[:2] / light.direction[2] * chest[2]
    lit, _ = shadow.at(np.array([below, below + [5.0, 5.0], chest[:2] + [0.8, 0.0]]))
    assert lit[0] < 0.1
    np.testing.assert_allclose(lit[1:], 1, atol=1e-3)
