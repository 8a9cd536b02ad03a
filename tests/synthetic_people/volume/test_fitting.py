"""Garments stand off the skin by their thickness, along its normals."""

import numpy as np
import pytest

from synthetic_people.geometry import face_normals, mean_of_faces
from synthetic_people.joints import bone_rotations
from synthetic_people.textures import srgb_to_linear
from synthetic_people.volume.fitting import Garment, cover, neighbour_mean, offsets
from synthetic_people.volume.tailor import THICKNESS_M, Tailor


def garment(region, thickness_m, **options):
    def thickness(rest):
        return np.full(len(rest), thickness_m)

    return Garment("any", region, lambda points: np.ones((len(points), 3)), thickness, **options)


def above_the_hip(rest):
    return rest[:, 2] > 0.1


@pytest.fixture(scope="module")
def posed(person_maker):
    """Vertices and normals of a body with bent knees and elbows."""
    angles = {"left_knee_flexion": 40.0, "left_hip_flexion": 40.0, "right_elbow_flexion": 60.0}
    rotations = bone_rotations(angles, person_maker.rest)
    mesh = person_maker.mesh
    vertices = mesh.close(person_maker.body.pose(None, rotations).vertices[0])
    of_faces = face_normals(vertices, mesh.faces)
    return vertices, mean_of_faces(of_faces, mesh.faces, len(vertices))


def test_neighbours_are_the_other_ends_of_edges(person_maker):
    mesh = person_maker.mesh
    mean = neighbour_mean(mesh)
    for vertex in (0, 500, len(mesh.rest_coordinates) - 1):
        around = mesh.faces[(mesh.faces == vertex).any(axis=1)]
        expected = np.setdiff1d(around, [vertex])
        np.testing.assert_array_equal(np.sort(mean[vertex].indices), expected)
        np.testing.assert_allclose(mean[vertex].data, 1 / len(expected), rtol=1e-6)


def test_a_plain_garment_is_as_far_from_the_skin_as_it_is_thick(person_maker, posed):
    mesh = person_maker.mesh
    distance, directions = offsets(mesh, *posed, [garment(above_the_hip, 0.02)])
    full = cover(mesh, above_the_hip)
    np.testing.assert_allclose(distance, 0.02 * full, atol=0.0021)
    np.testing.assert_allclose(distance[full == 1], 0.02, atol=1e-6)
    assert (distance[full == 0] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-5)
    along = (directions * posed[1]).sum(axis=1)
    # In creases, and between fingers and toes, neighbours agree on a way out.
    assert np.median(along) > 0.95 and (along > 0).mean() > 0.99


def test_outer_garments_are_outside_of_inner_ones(person_maker, posed):
    inner, outer = garment(above_the_hip, 0.03), garment(lambda rest: rest[:, 2] > 0.3, 0.01)
    alone, _ = offsets(person_maker.mesh, *posed, [inner])
    both, _ = offsets(person_maker.mesh, *posed, [inner, outer])
    covered = cover(person_maker.mesh, outer.region) == 1
    assert (both >= alone).all()
    assert (both[covered] > alone[covered] + 0.001).all()


def test_ironing_spans_hollows_and_never_enters_the_skin(person_maker, posed):
    plain, _ = offsets(person_maker.mesh, *posed, [garment(above_the_hip, 0.01)])
    ironed, _ = offsets(person_maker.mesh, *posed, [garment(above_the_hip, 0.01, ironing=14)])
    inside = above_the_hip(person_maker.mesh.rest_coordinates)
    assert ironed.max() > plain.max() + 0.005
    assert ironed[inside].min() > 0


def test_borders_run_between_vertices(person_maker):
    share = cover(person_maker.mesh, above_the_hip)
    height = person_maker.mesh.rest_coordinates[:, 2] - 0.1
    np.testing.assert_array_equal(share[height > 0.05], 1)
    np.testing.assert_array_equal(share[height < -0.05], 0)
    border = (share > 0) & (share < 1)
    assert np.corrcoef(share[border], height[border])[0, 1] > 0.7


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("top", lambda t: t.shirt(t.hip_z, t.fabric())),
        ("jacket", lambda t: t.coat(t.hip_z, t.fabric(), 0.05)),
        ("trousers", lambda t: t.trousers()),
        ("gloves", lambda t: t.mittens()),
        ("hat", lambda t: t.headgear()[0]),
        ("shoes", lambda t: t.footwear()),
        ("scarf", lambda t: t.scarf()),
        ("beard", lambda t: t.facial_hair(np.full(3, 0.1))),
        ("hair", lambda t: t.head_of_hair(srgb_to_linear(np.full(3, 0.2)))),
    ],
)
def test_thickness_is_within_the_range_of_its_kind(person_maker, kind, make):
    least, most = THICKNESS_M[kind]
    rest = person_maker.mesh.rest_coordinates
    for seed in range(5):
        made = make(Tailor(np.random.default_rng(seed), person_maker.mesh))
        np.testing.assert_array_equal(
            cover(person_maker.mesh, made.region, made.heights),
            cover(person_maker.mesh, made.region),
        )
        inside = made.region(rest)
        thickness = made.thickness(rest)[inside]
        assert inside.any() and made.name == kind
        # Folds vary it by a third, and soles come on top.
        sole = 0.03 if kind == "shoes" else 0.0
        assert thickness.min() > 0 and thickness.max() <= 1.36 * most + sole
        assert thickness.max() >= 0.6 * least


def test_soles_are_below_the_feet(person_maker):
    mesh = person_maker.mesh
    shoes = Tailor(np.random.default_rng(1), mesh).footwear()
    thickness, inside = shoes.thickness(mesh.rest_coordinates), shoes.region(mesh.rest_coordinates)
    lowest = mesh.rest_coordinates[:, 2] < mesh.rest_coordinates[:, 2].min() + 0.01
    assert thickness[lowest].mean() > thickness[inside & ~lowest].mean() + 0.004
