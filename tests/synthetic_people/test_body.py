import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from synthetic_people.body import COCO_KEYPOINT_NAMES, BodyModel

LEFT_RIGHT = [
    COCO_KEYPOINT_NAMES.index(
        name.replace("left", "<").replace("right", "left").replace("<", "right")
    )
    for name in COCO_KEYPOINT_NAMES
]


def turn(axis: str, degrees: float) -> np.ndarray:
    return Rotation.from_euler(axis, degrees, degrees=True).as_matrix()


def keypoint(bodies, name: str) -> np.ndarray:
    return bodies.keypoints[0, COCO_KEYPOINT_NAMES.index(name)]


def test_neutral_body_is_the_rest_of_the_surface(model):
    neutral = model.neutral()
    assert neutral.vertices.shape == (1, len(model.rest_vertices), 3)
    assert neutral.vertices.dtype == neutral.keypoints.dtype == np.float32
    assert neutral.keypoints.shape == (1, 17, 3)
    assert neutral.bone_poses.shape == (1, len(model.bone_labels), 4, 4)
    assert np.abs(neutral.vertices[0] - model.rest_vertices).max() < 2e-5
    assert 1.6 < np.ptp(model.rest_vertices[:, 2]) < 1.9


def test_axes_z_up_face_to_minus_y_left_to_plus_x(model):
    neutral = model.neutral()
    assert keypoint(neutral, "nose")[2] > keypoint(neutral, "left_hip")[2]
    assert keypoint(neutral, "nose")[1] < keypoint(neutral, "left_ear")[1]
    for name in ("left_ear", "left_wrist", "left_ankle"):
        assert keypoint(neutral, name)[0] > 0


def test_rest_is_exactly_symmetric(model):
    mirror = model.topology.mirror
    assert np.array_equal(mirror[mirror], np.arange(len(mirror)))
    assert np.array_equal(model.rest_vertices[mirror], model.rest_vertices * [-1, 1, 1])
    keypoints = model.neutral().keypoints[0]
    np.testing.assert_allclose(keypoints[LEFT_RIGHT], keypoints * [-1, 1, 1], atol=1e-3)


def test_topology_is_one_oriented_piece_of_skin(model):
    faces = model.topology.faces
    corners = model.rest_vertices[faces]
    volume = np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert 0.03 < volume < 0.12  # cubic metres; positive: faces look outwards
    half = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    assert len(np.unique(half, axis=0)) == len(half)
    _, count = np.unique(np.sort(half, axis=1), axis=0, return_counts=True)
    assert count.max() == 2
    assert np.array_equal(np.unique(faces), np.arange(len(model.rest_vertices)))


def test_weights_of_a_vertex_sum_to_one(model):
    embedding = model.topology.embedding
    assert embedding.data.min() > 0
    np.testing.assert_allclose(np.asarray(embedding.sum(axis=1)).ravel(), 1, atol=1e-6)


def test_height_and_age_change_the_size(model):
    bodies = model.pose([{"height": 0.2}, {"height": 0.8}, {"age": 1 / 3}])
    small, tall, child = np.ptp(bodies.vertices[..., 2], axis=1)
    assert child < small < tall


def test_a_turn_of_the_knee_moves_the_shank_backwards_and_nothing_else(model):
    bent = model.pose(rotations={"lowerleg01.L": turn("x", 60)})
    neutral = model.neutral()
    moved = keypoint(bent, "left_ankle") - keypoint(neutral, "left_ankle")
    assert moved[1] > 0.2
    for name in ("right_ankle", "left_hip", "left_wrist", "nose"):
        np.testing.assert_allclose(keypoint(bent, name), keypoint(neutral, name), atol=1e-5)


def test_turns_are_in_the_axes_of_the_rest_pose_whatever_the_parents_do(model):
    """With the whole body turned, a bent knee is the bent knee turned."""
    whole = turn("z", 90)
    bent = model.pose(rotations={"lowerleg01.L": turn("x", 60)}).keypoints[0]
    both = model.pose(rotations={"root": whole, "lowerleg01.L": turn("x", 60)}).keypoints[0]
    np.testing.assert_allclose(both, bent @ whole.T, atol=1e-4)


def test_root_translation_moves_the_whole_body(model):
    shift = np.eye(4)
    shift[:3, 3] = [1.0, -2.0, 0.5]
    moved, neutral = model.pose(rotations={"root": shift}), model.neutral()
    for field in ("vertices", "keypoints"):
        difference = getattr(moved, field) - getattr(neutral, field)
        # The weights of a keypoint sum to one within some 1e-5, differently on different CPUs.
        np.testing.assert_allclose(difference - [1.0, -2.0, 0.5], 0, atol=1e-4)
    joints = moved.bone_poses[0, :, :3, 3] - neutral.bone_poses[0, :, :3, 3]
    np.testing.assert_allclose(joints - [1.0, -2.0, 0.5], 0, atol=1e-5)


def test_bone_poses_are_rigid(model):
    posed = model.pose({"weight": 0.9}, {"upperarm01.R": turn("y", 40), "spine03": turn("x", 20)})
    rotation = posed.bone_poses[0, :, :3, :3]
    products = rotation @ rotation.transpose(0, 2, 1)
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(3), products.shape), atol=1e-4)


def test_a_batch_is_its_bodies_one_by_one(model):
    age = np.array([0.5, 0.7, 0.9])
    turns = np.stack([turn("y", angle) for angle in (0, 20, 40)])
    together = model.pose({"age": age, "weight": 0.8}, {"upperarm01.L": turns})
    for k in range(3):
        alone = model.pose({"age": age[k], "weight": 0.8}, {"upperarm01.L": turns[k]})
        for field in dataclasses.fields(alone):
            batched = getattr(together, field.name)[k : k + 1]
            # Some keypoints are means of four thousand vertices, whose float32 sum is off by some
            # 1e-5 where a CPU adds them one by one.
            atol = 1e-4 if field.name == "keypoints" else 1e-5
            np.testing.assert_allclose(batched, getattr(alone, field.name), atol=atol)


def test_the_same_arguments_give_the_same_bytes(model):
    arguments = ({"age": 0.8}, {"head": turn("z", 30)})
    first, second = model.pose(*arguments), model.pose(*arguments)
    assert np.array_equal(first.vertices, second.vertices)


def test_a_new_instance_has_the_same_mesh(model):
    other = BodyModel()
    assert np.array_equal(other.topology.faces, model.topology.faces)
    assert np.array_equal(other.rest_vertices, model.rest_vertices)
    assert np.array_equal(other.face_part, model.face_part)


def test_arguments_are_not_changed(model):
    matrix = turn("x", 10)
    before = matrix.copy()
    model.pose(rotations={"head": matrix})
    assert np.array_equal(matrix, before)


@pytest.mark.parametrize(
    ("phenotypes", "rotations", "named"),
    [
        ({"wings": 0.5}, None, "wings"),
        ({"age": 1.5}, None, "age"),
        ({"weight": np.nan}, None, "weight"),
        ({"age": np.zeros((2, 2))}, None, "age"),
        (None, {"tail": np.eye(3)}, "tail"),
        (None, {"head": np.eye(2)}, "head"),
        ({"age": np.full(2, 0.7)}, {"head": np.stack([np.eye(3)] * 3)}, r"\[2, 3\]"),
    ],
)
def test_wrong_arguments_are_named(model, phenotypes, rotations, named):
    with pytest.raises(ValueError, match=named):
        model.pose(phenotypes, rotations)


def test_the_embedded_surface_is_this_model(model, embedded_surface):
    model.require_surface(embedded_surface)
    other = dataclasses.replace(embedded_surface, vertices=embedded_surface.vertices * 1.01)
    with pytest.raises(ValueError, match="build_surface"):
        model.require_surface(other)
