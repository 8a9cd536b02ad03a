"""Which parts touch a joint, where a joint lies on the body, and how far points are from it."""

import itertools

import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.evaluation.keypoints.joints import (
    JOINT_KINDS,
    JOINT_NAMES,
    JOINT_PARTS,
    KIND_OF_JOINT,
    JointRingError,
    joint_rings,
    ring_distance_m,
)
from uncertain_densepose.evaluation.points.surface_distance import NOWHERE
from uncertain_densepose.surface import FLIP_PARTS, PART_NAMES


def test_the_joints_are_those_of_coco():
    assert JOINT_NAMES[:7] == (
        "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder",
        "right_shoulder",
    )  # fmt: skip
    assert JOINT_NAMES[-2:] == ("left_ankle", "right_ankle") and len(JOINT_NAMES) == 17
    kinds = [JOINT_KINDS[kind] for kind in KIND_OF_JOINT]
    assert kinds[:2] == ["nose", "eyes"] and kinds[-3:] == ["knees", "ankles", "ankles"]


@pytest.mark.parametrize(
    "joint, words",
    [
        ("nose", {"head"}),
        ("left_eye", {"head left"}),
        ("right_ear", {"head right"}),
        ("left_shoulder", {"torso", "upper arm"}),
        ("right_elbow", {"upper arm", "lower arm"}),
        ("left_wrist", {"lower arm", "hand"}),
        ("right_hip", {"torso", "upper leg"}),
        ("left_knee", {"upper leg", "lower leg"}),
        ("right_ankle", {"lower leg", "foot"}),
    ],
)
def test_parts_that_touch_a_joint(joint, words):
    side, other = ("left", "right") if joint.startswith("left") else ("right", "left")
    expected = {
        name
        for name in PART_NAMES[1:]
        if any(name.startswith(word) or name.endswith(word) or word in name for word in words)
        and (joint == "nose" or other not in name)
    }
    touching = JOINT_PARTS[JOINT_NAMES.index(joint)]
    assert {PART_NAMES[part] for part in np.flatnonzero(touching)} == expected
    assert joint == "nose" or any(side in name for name in expected)


def test_the_other_side_has_the_other_parts():
    for left in range(1, 17, 2):
        np.testing.assert_array_equal(JOINT_PARTS[left + 1], JOINT_PARTS[left][FLIP_PARTS])
    assert not JOINT_PARTS[:, 0].any()


def test_rings_of_the_embedded_body(embedded_surface):
    surface = embedded_surface
    rings = joint_rings(surface)
    middle = {
        name: surface.vertices[ring].mean(axis=0)
        for name, ring in zip(JOINT_NAMES, rings, strict=True)
        if len(ring)
    }
    assert set(JOINT_NAMES) - set(middle) == {"left_eye", "right_eye"}
    assert all(len(rings[joint]) > 15 for joint in range(5, 17))
    # From top to bottom, the left side at +x, the face towards -y.
    heights = [
        middle[name][2] for name in ("nose", "left_shoulder", "left_hip", "left_knee", "left_ankle")
    ]
    assert all(high - low > 0.15 for high, low in itertools.pairwise(heights))
    for name in ("ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        left, right = middle[f"left_{name}"], middle[f"right_{name}"]
        assert left[0] > 0.05
        np.testing.assert_allclose(left, right * [-1, 1, 1], atol=2e-3)
    assert middle["nose"][1] < middle["left_ear"][1] - 0.08
    assert abs(middle["nose"][0]) < 5e-3


def test_a_ring_goes_around_the_limb(embedded_surface):
    """Whichever side of a limb is seen, the joint is there."""
    rings = joint_rings(embedded_surface)
    knee = embedded_surface.vertices[rings[JOINT_NAMES.index("left_knee")]]
    around = knee[:, :2] - knee[:, :2].mean(axis=0)
    angle = np.sort(np.arctan2(around[:, 1], around[:, 0]))
    assert np.diff(np.r_[angle, angle[0] + 2 * np.pi]).max() < 0.6


def test_a_surface_whose_parts_do_not_meet_is_refused():
    with pytest.raises(JointRingError, match="tiny-board.*left_shoulder.*share no vertex"):
        joint_rings(make_tiny_surface())


def slow_ring_distance(surface, rings, joint, vertex):
    """Straight lines on the flat surface, one pair at a time."""
    place = surface.vertices.astype(np.float64)
    found = []
    for one, start in zip(joint.tolist(), vertex.tolist(), strict=True):
        ways = (
            [np.inf] if start < 0 else [np.linalg.norm(place[start] - place[v]) for v in rings[one]]
        )
        found.append(min(ways) if len(rings[one]) else np.nan)
    return np.array(found)


@pytest.mark.parametrize("seed", range(5))
def test_distance_to_a_ring_against_all_pairs(seed, flat_distance):
    rng = np.random.default_rng(seed)
    surface = flat_distance.surface
    rings = tuple(rng.choice(len(surface.vertices), rng.integers(0, 6)) for _ in range(17))
    joint = rng.integers(0, 17, 200)
    vertex = rng.integers(-1, len(surface.vertices), 200)
    np.testing.assert_allclose(
        ring_distance_m(flat_distance, rings, joint, vertex),
        slow_ring_distance(surface, rings, joint, vertex),
        rtol=1e-3,
        atol=1e-6,
    )


def test_what_lies_on_the_ring_is_there_and_no_answer_is_nowhere(flat_distance):
    rings = tuple(np.array([joint]) for joint in range(17))
    joint = np.array([3, 3])
    found = ring_distance_m(flat_distance, rings, joint, np.array([3, NOWHERE]))
    np.testing.assert_array_equal(found, [0, np.inf])
