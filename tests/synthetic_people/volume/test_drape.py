"""Pixels of worn meshes stand for the nearest point of the body, and belong to the person."""

import dataclasses

import numpy as np
import pytest

from synthetic_people.attire import Attire, Legs, put_on, sample_attire
from synthetic_people.camera import Camera
from synthetic_people.image import synthesise
from synthetic_people.keypoints import OCCLUDED, VISIBLE, keypoint_visibility
from synthetic_people.presets import PRESETS
from synthetic_people.ray_caster import RayCaster
from synthetic_people.render import Renderer
from synthetic_people.scene import Scene, sample_scene
from synthetic_people.scene_kind import SceneKind
from synthetic_people.textures import SmoothField
from synthetic_people.volume.drape import (
    HEAD,
    TRUNK_AND_LEGS,
    BodyCaster,
    Drape,
    NearestOnBody,
)
from synthetic_people.volume.hair import HairCut, hang_hair
from synthetic_people.volume.tube import TubeCut, hang_tube

FIELD = SmoothField(np.ones((1, 3), np.float32), np.zeros(1, np.float32))


def grey(points):
    return np.full((len(points), 3), 0.5)


def brute_force(points, vertices, faces):
    """Distances to the nearest point of triangles, from a dense barycentric grid, (N,)."""
    steps = np.linspace(0, 1, 9)
    grid = np.array([(1 - u - v, u, v) for u in steps for v in steps if u + v <= 1 + 1e-9])
    samples = np.einsum("gk,fkd->fgd", grid, vertices[faces]).reshape(-1, 3)
    return np.array([np.linalg.norm(samples - point, axis=1).min() for point in points])


@pytest.fixture(scope="module")
def dressed_scene(person_maker):
    """Somebody from the front in a knee-long skirt with long hair."""
    mesh = person_maker.mesh
    person = person_maker.sample(np.random.default_rng(2), ["stand"])
    at = mesh.landmarks
    cut = TubeCut(at["hip"][2] + 0.1, at["knee"][2] - 0.05, 0.006, 0.2, 8, 0.02, 0.0)
    hair = HairCut(0.4, np.radians(110), 0.7, 0.015, 0.0, FIELD)
    plain = sample_attire(np.random.default_rng(0), mesh, Legs(1.0, False))
    attire = Attire(
        plain.outfit,
        (),
        (
            lambda figure, worn: [hang_tube(figure, cut, grey, FIELD, 0.0, worn)],
            lambda figure, worn: [hang_hair(figure, hair, grey, FIELD)],
        ),
        (),
    )
    wearer = put_on(attire, person, mesh)
    light = sample_scene(
        np.random.default_rng(0), person_maker, SceneKind(), width=64, height=64
    )  # fmt: skip
    camera = Camera.looking_at(
        np.array([0.3, -3.0, 1.2]), np.array([0.0, 0.0, 0.9]), focal_px=300, width=192, height=224
    )
    backdrop = dataclasses.replace(light.backdrop, ground=None)
    return Scene(camera, (wearer,), (), light.light, backdrop)


def test_the_nearest_point_is_that_of_brute_force(person_maker):
    mesh = person_maker.mesh
    vertices = mesh.rest_coordinates[:, :3]
    rng = np.random.default_rng(0)
    points = rng.uniform([-0.3, -0.3, -0.8], [0.3, 0.3, 0.3], size=(20, 3))
    face, weights = NearestOnBody(vertices, mesh, TRUNK_AND_LEGS)(points)
    assert np.isin(mesh.face_part[face], TRUNK_AND_LEGS).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    nearest = (vertices[mesh.faces[face]] * weights[:, :, None]).sum(axis=1)
    distance = np.linalg.norm(nearest - points, axis=1)
    faces = mesh.faces[np.isin(mesh.face_part, TRUNK_AND_LEGS)]
    # The samples of a triangle are some millimetres apart, so theirs is a bound from above.
    expected = brute_force(points, vertices, faces)
    assert (distance <= expected + 1e-6).all()
    np.testing.assert_allclose(distance, expected, atol=2e-3)


def test_parts_without_faces_at_a_height_are_refused(person_maker):
    mesh = person_maker.mesh
    with pytest.raises(ValueError, match="rest heights"):
        NearestOnBody(mesh.rest_coordinates[:, :3], mesh, HEAD, (-1.0, -0.5))


def test_a_skirt_and_long_hair_belong_to_the_person(dressed_scene, person_maker):
    mesh = person_maker.mesh
    renderer = Renderer(dressed_scene, mesh)
    seen, hits = renderer.correspondences(), renderer._hits
    (wearer,) = dressed_scene.people
    for position, drape in enumerate(wearer.drapes, start=1):
        here = np.flatnonzero(hits.mesh == position)
        assert len(here) > 100
        assert (seen.person.ravel()[here] == 0).all()
        face, weights = seen.face.ravel()[here], seen.weights.reshape(-1, 3)[here]
        assert np.isin(mesh.face_part[face], drape.parts).all()
        corners = drape.vertices[drape.faces[hits.face[here]]]
        points = (corners * hits.weights[here][:, :, None]).sum(axis=1)
        some = np.random.default_rng(0).choice(len(here), 12, replace=False)
        body = wearer.body_vertices
        nearest = (body[mesh.faces[face]] * weights[:, :, None]).sum(axis=1)
        distance = np.linalg.norm(nearest - points, axis=1)[some]
        middle_z = mesh.rest_coordinates[mesh.faces, 2].mean(axis=1)
        covered = (middle_z >= drape.heights[0]) & (middle_z <= drape.heights[1])
        faces = mesh.faces[np.isin(mesh.face_part, drape.parts) & covered]
        expected = brute_force(points[some], body, faces)
        np.testing.assert_allclose(distance, expected, atol=2e-3)
    bare = dataclasses.replace(wearer, drapes=())
    without = Renderer(dataclasses.replace(dressed_scene, people=(bare,)), mesh).correspondences()
    assert (seen.person >= without.person).all() and (seen.person > without.person).sum() > 200


def test_cloth_is_seen_from_both_sides(dressed_scene):
    drape = dressed_scene.people[0].drapes[0]
    face, weights = np.arange(10), np.full((10, 3), 1 / 3)
    middle = drape.vertices[drape.faces[:10]].mean(axis=1)
    normals = np.cross(
        *(drape.vertices[drape.faces[:10, k]] - drape.vertices[drape.faces[:10, 0]] for k in (1, 2))
    )
    for side in (1, -1):
        eye = middle[0] + side * normals[0] / np.linalg.norm(normals[0])
        points, towards, albedo = drape.shading(face, weights, eye)
        assert (((eye - points) * towards).sum(axis=1) >= 0).all()
        np.testing.assert_allclose(albedo, 0.5)


def test_a_skirt_far_before_a_joint_hides_it(person_maker):
    """A sheet close to the knees shows them, one far before them does not."""
    mesh = person_maker.mesh
    person = person_maker.sample(np.random.default_rng(2), ["stand"])
    knee = person.keypoints[13]
    camera = Camera.looking_at(knee + [0.0, -3.0, 0.0], knee, focal_px=200, width=128, height=128)
    flags = []
    for ahead in (0.06, 0.3):
        corners = knee + np.array([[-1, -ahead, -1], [1, -ahead, -1], [0, -ahead, 1.5]])
        sheet = Drape.of_mesh(
            corners, np.array([[0, 1, 2]]), corners, grey, TRUNK_AND_LEGS, FIELD, 0.0
        )
        caster = RayCaster([(person.vertices, mesh.faces), (sheet.vertices, sheet.faces)])
        body = BodyCaster(caster, 1, [0], [sheet], [person.vertices], mesh)
        flags.append(keypoint_visibility(person.keypoints, 0, camera, body, mesh)[13])
    assert flags == [VISIBLE, OCCLUDED]


def test_hits_elsewhere_are_left_as_they_are(person_maker):
    person = person_maker.sample(np.random.default_rng(2), ["stand"])
    caster = RayCaster([(person.vertices, person_maker.mesh.faces)])
    body = BodyCaster(caster, 1, [], [], [person.vertices], person_maker.mesh)
    rays = np.array([[0.0, 1.0, -0.2], [1.0, 0.0, 0.0]])
    eye = np.array([0.0, -3.0, 1.2])
    plain, same = caster.first_hits(eye, rays), body.first_hits(eye, rays)
    for field in dataclasses.fields(plain):
        np.testing.assert_array_equal(getattr(plain, field.name), getattr(same, field.name))


def test_worn_meshes_move_with_the_person(dressed_scene):
    (wearer,) = dressed_scene.people
    moved = wearer.moved(1.0, -2.0)
    by = [1.0, -2.0, 0.0]
    np.testing.assert_allclose(moved.body_vertices, wearer.body_vertices + by, atol=1e-5)
    for before, after in zip(wearer.drapes, moved.drapes, strict=True):
        np.testing.assert_allclose(after.vertices, before.vertices + by, atol=1e-5)


def test_pictures_of_the_preset_have_whole_annotations(person_maker):
    for seed in (3, 4):
        rng = np.random.default_rng(seed)
        image = synthesise(rng, person_maker, PRESETS["photo"].scene, width=160, height=160)
        for annotation in image.annotations:
            assert annotation["area"] > 0
            for name in ("dp_U_true", "dp_V_true"):
                values = np.array(annotation.get(name, []))
                assert np.isfinite(values).all() and (values >= 0).all() and (values <= 1).all()


def test_hair_is_labelled_by_the_head(dressed_scene):
    assert dressed_scene.people[0].drapes[1].parts == HEAD
