"""Random poses stay within the joints' limits and on their feet."""

import numpy as np
import pytest

from synthetic_people.joints import JOINT_LIMITS_DEG
from synthetic_people.pose import GESTURES, STANCES, sample_pose
from synthetic_people.shape import sample_phenotypes

MANY = 400


@pytest.fixture(scope="module")
def poses():
    rng = np.random.default_rng(0)
    return [sample_pose(rng, list(STANCES)) for _ in range(MANY)]


def test_every_joint_stays_within_its_limits(poses):
    for pose in poses:
        for name, value in pose.angles.items():
            low, high = JOINT_LIMITS_DEG[name]
            assert low <= value <= high, name


def test_tables_name_real_joints():
    limbs = {name.split("_", 1)[1] for name in JOINT_LIMITS_DEG if name.startswith("left_")}
    for stance in STANCES.values():
        assert set(stance.leading) | set(stance.trailing) <= limbs
        assert set(stance.trunk) <= set(JOINT_LIMITS_DEG)
    for gesture in GESTURES.values():
        assert set(gesture.angles) <= limbs


def test_all_stances_and_gestures_occur_on_both_sides(poses):
    assert {pose.stance for pose in poses} == set(STANCES)
    for side in (0, 1):
        assert {pose.gestures[side] for pose in poses} == set(GESTURES)


def test_trunks_are_mostly_upright(poses):
    lean = [pose.angles["pelvis_tilt"] + pose.angles["spine_flexion"] for pose in poses]
    assert np.percentile(np.abs(lean), 80) < 20


def test_the_same_seed_gives_the_same_pose():
    assert sample_pose(np.random.default_rng(3), ["walk", "sit"]) == sample_pose(
        np.random.default_rng(3), ["walk", "sit"]
    )


def test_phenotypes_are_in_range_and_varied(person_maker):
    rng = np.random.default_rng(0)
    people = [sample_phenotypes(rng) for _ in range(MANY)]
    ranges = person_maker.body.phenotype_ranges
    for label in people[0]:
        values = np.array([person[label] for person in people])
        assert values.min() >= ranges[label][0] and values.max() <= ranges[label][1]
        assert values.std() > 0.04, label


def test_people_have_human_statures_and_touch_the_ground(person_maker):
    rng = np.random.default_rng(5)
    people = [person_maker.sample(rng, list(STANCES)) for _ in range(12)]
    for person in people:
        assert 1.25 < person.stature_m < 2.15
        assert person.vertices[:, 2].min() == pytest.approx(0, abs=1e-5)
        # Both soles are near the ground unless a leg is raised on purpose.
        assert person.keypoints[[15, 16], 2].min() < 0.3


def test_limbs_seldom_sink_into_the_body(person_maker):
    rng = np.random.default_rng(6)
    depth = [person_maker.sample(rng, list(STANCES)).penetration_m for _ in range(12)]
    assert np.median(depth) < 0.03


def test_an_arm_through_the_chest_is_noticed(person_maker):
    from synthetic_people.joints import bone_rotations

    def penetration(angles):
        rotations = bone_rotations(angles, person_maker.rest)
        vertices = person_maker.body.pose(None, rotations).vertices[0]
        return person_maker.collisions.penetration_m(vertices)

    assert penetration({"left_shoulder_elevation": 60.0}) < 0.02
    inwards = {"left_shoulder_elevation": 10.0, "left_elbow_flexion": 90.0}
    assert penetration(inwards | {"left_shoulder_rotation": 80.0}) > 0.04
