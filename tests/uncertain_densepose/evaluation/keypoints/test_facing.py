"""Chest or back, from four keypoints."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from uncertain_densepose.evaluation.keypoints.facing import BACK, FRONT, UNTOLD, trunk_facing
from uncertain_densepose.evaluation.keypoints.joints import HIPS, SHOULDERS

TRUNK = np.array([[0.18, 0, 0.5], [-0.18, 0, 0.5], [0.12, 0, 0], [-0.12, 0, 0]])
"""Shoulders and hips, left first: x to the person's left, z up; the chest faces -y."""


def seen(rotation, flag=2):
    """Keypoints (17, 3) in a picture taken along +y, after a turn of the body."""
    turned = rotation.apply(TRUNK)
    keypoints = np.zeros((17, 3))
    keypoints[[*SHOULDERS, *HIPS], :2] = np.stack([turned[:, 0], -turned[:, 2]], axis=1)
    keypoints[[*SHOULDERS, *HIPS], 2] = flag
    return keypoints


def test_against_the_normal_of_the_trunk():
    """In any orientation: the chest is seen where its normal points to the camera."""
    told = 0
    for rotation in Rotation.random(500, rng=np.random.default_rng(0)):
        towards_camera = -rotation.apply([0.0, -1.0, 0.0])[1]
        (found,) = trunk_facing(seen(rotation)[None])
        assert found in (UNTOLD, FRONT if towards_camera > 0 else BACK)
        told += found != UNTOLD
    assert told > 200


@pytest.mark.parametrize(
    "degrees, expected", [(0, FRONT), (55, FRONT), (65, UNTOLD), (115, UNTOLD), (125, BACK)]
)
def test_turning_about_the_vertical(degrees, expected):
    (found,) = trunk_facing(seen(Rotation.from_euler("z", degrees, degrees=True))[None])
    assert found == expected


def test_a_hidden_corner_tells_nothing():
    keypoints = seen(Rotation.identity())
    keypoints[HIPS[0], 2] = 1
    assert trunk_facing(keypoints[None]) == UNTOLD
    assert trunk_facing(np.zeros((1, 17, 3))) == UNTOLD
    assert len(trunk_facing(np.zeros((0, 17, 3)))) == 0
