import dataclasses

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from synthetic_people.body import COCO_KEYPOINT_NAMES, BodyModel
from uncertain_densepose.surface import FLIP_PARTS, PART_NAMES
from uncertain_densepose.surface.mirror import mirrored_faces


def centre_of(model: BodyModel, name: str) -> np.ndarray:
    """Area-weighted centre of a part, metres."""
    corners = model.rest_vertices[model.topology.faces[model.face_part == PART_NAMES.index(name)]]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    return (corners.mean(axis=1) * area[:, None]).sum(axis=0) / area.sum()


def test_every_part_is_one_piece(model):
    for part in range(1, 25):
        vertices, local = np.unique(
            model.topology.faces[model.face_part == part], return_inverse=True
        )
        local = local.reshape(-1, 3)
        ends = np.concatenate([local[:, :2], local[:, 1:]])
        graph = coo_matrix((np.ones(len(ends)), ends.T), shape=(len(vertices),) * 2)
        assert connected_components(graph, directed=False)[0] == 1, PART_NAMES[part]


def test_parts_mirror_through_the_flip_table(model):
    twin, _ = mirrored_faces(model.topology.faces, model.topology.mirror)
    assert np.array_equal(model.face_part[twin], FLIP_PARTS[model.face_part])


def test_left_is_at_positive_x(model):
    for name in PART_NAMES[1:]:
        x = centre_of(model, name)[0]
        assert (
            abs(x) < 1e-6
            if name.startswith("torso")
            else (x > 0) == name.endswith("left") or (name.startswith("left") and x > 0)
        )


def test_front_is_in_front_of_back(model):
    for limb in ("torso{}", "upper leg{} right", "lower leg{} left"):
        front = centre_of(model, limb.format(" front"))
        back = centre_of(model, limb.format(" back"))
        assert front[1] < back[1] - 0.03


def test_inner_arm_faces_the_body(model):
    for arm in ("upper arm", "lower arm"):
        for side in ("left", "right"):
            inner = centre_of(model, f"{arm} inner {side}")
            outer = centre_of(model, f"{arm} outer {side}")
            assert abs(inner[0]) < abs(outer[0])
            assert inner[2] < outer[2]


def test_each_part_is_around_its_joints(model):
    joint = dict(zip(COCO_KEYPOINT_NAMES, model.neutral().keypoints[0], strict=True))
    for side in ("left", "right"):
        for part, upper, lower in (
            ("upper leg front", "hip", "knee"),
            ("lower leg back", "knee", "ankle"),
            ("upper arm inner", "shoulder", "elbow"),
            ("lower arm outer", "elbow", "wrist"),
        ):
            a, b = joint[f"{side}_{upper}"], joint[f"{side}_{lower}"]
            share = (centre_of(model, f"{part} {side}") - a) @ (b - a) / ((b - a) @ (b - a))
            assert 0.2 < share < 0.8
        hand = centre_of(model, f"{side} hand")
        foot = centre_of(model, f"{side} foot")
        assert np.linalg.norm(hand - joint[f"{side}_wrist"]) < 0.15
        assert np.linalg.norm(foot - joint[f"{side}_ankle"]) < 0.15


def test_both_halves_of_a_limb_are_of_similar_size(model):
    corners = model.rest_vertices[model.topology.faces]
    area = np.bincount(
        model.face_part,
        np.linalg.norm(
            np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
        ),
    )
    for front, back in ((2, 1), (9, 7), (13, 11), (16, 18), (20, 22)):
        assert 0.5 < area[front] / area[back] < 2


@pytest.mark.parametrize("seed", range(3))
def test_a_body_that_is_rounded_otherwise_is_cut_alike(model, seed):
    """By another machine's processor: surfaces are passed on, and must fit the bodies there."""

    class RoundedOtherwise(BodyModel):
        def neutral(self):
            posed = super().neutral()
            noise = np.random.default_rng(seed).uniform(-1, 1, posed.vertices.shape)
            vertices = posed.vertices * (1 + 1e-7 * noise).astype(np.float32)
            return dataclasses.replace(posed, vertices=vertices)

    other = RoundedOtherwise()
    assert np.array_equal(other.topology.faces, model.topology.faces)
    assert np.array_equal(other.face_part, model.face_part)
    np.testing.assert_allclose(other.rest_vertices, model.rest_vertices, atol=5e-6)


def test_the_mesh_is_fine_enough_to_count_centimetres(model):
    """No edge of trunk and limbs is much longer than two centimetres."""
    body = model.topology.faces[~np.isin(model.face_part, (3, 4, 5, 6, 23, 24))]
    corners = model.rest_vertices[body]
    edge = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    assert np.percentile(edge, 99) < 0.025
