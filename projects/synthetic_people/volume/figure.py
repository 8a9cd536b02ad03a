"""A posed body to hang things on, and its head's axes."""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from ..body_mesh import BodyMesh
from ..geometry import normalised

GRAVITY = np.array([0.0, 0.0, -1.0])
_REACH_M = 0.08
_LEFT_EYE, _RIGHT_EYE, _LEFT_EAR, _RIGHT_EAR = 1, 2, 3, 4
_LEFT_SHOULDER, _RIGHT_SHOULDER, _LEFT_HIP, _RIGHT_HIP = 5, 6, 11, 12


@dataclasses.dataclass(frozen=True, eq=False)
class Figure:
    """Attributes:
    mesh: the body mesh.
    outside: (V', 3) posed vertices, garments included, metres.
    normals: (V', 3) unit normals of that surface.
    keypoints: (17, 3) COCO keypoints, metres.
    """

    mesh: BodyMesh
    outside: np.ndarray
    normals: np.ndarray
    keypoints: np.ndarray

    @property
    def head_centre(self) -> np.ndarray:
        """(3,) the middle between the ears, metres."""
        return (self.keypoints[_LEFT_EAR] + self.keypoints[_RIGHT_EAR]) / 2

    @cached_property
    def head_axes(self) -> np.ndarray:
        """(3, 3) unit rows: to the person's left, backwards, upwards."""
        eyes = (self.keypoints[_LEFT_EYE] + self.keypoints[_RIGHT_EYE]) / 2
        return _axes(self.keypoints[_LEFT_EAR] - self.keypoints[_RIGHT_EAR],
                     backwards=self.head_centre - eyes)  # fmt: skip

    @cached_property
    def chest_axes(self) -> np.ndarray:
        """(3, 3) unit rows: to the person's left, backwards, upwards along the trunk."""
        left = self.keypoints[_LEFT_SHOULDER] - self.keypoints[_RIGHT_SHOULDER]
        up = self.shoulders - self.hips
        return _axes(left, backwards=np.cross(up, left))

    @property
    def shoulders(self) -> np.ndarray:
        """(3,) the middle between the shoulders, metres."""
        return (self.keypoints[_LEFT_SHOULDER] + self.keypoints[_RIGHT_SHOULDER]) / 2

    @property
    def hips(self) -> np.ndarray:
        """(3,) the middle between the hips, metres."""
        return (self.keypoints[_LEFT_HIP] + self.keypoints[_RIGHT_HIP]) / 2

    def near_rest_height(self, z: float, reach: float = 0.02) -> np.ndarray:
        """(V',) boolean: vertices off the arms within ``reach`` metres of a rest height."""
        rest = self.mesh.rest_coordinates
        return (np.abs(rest[:, 2] - z) < reach) & (rest[:, 3] < 0)


class Collider:
    """Keeps points outside of some vertices' surface.

    Args:
        vertices, normals: (N, 3) metres and unit normals.
    """

    def __init__(self, vertices: np.ndarray, normals: np.ndarray) -> None:
        self._vertices, self._normals = vertices, normals
        self._tree = cKDTree(vertices)

    def push_out(self, points: np.ndarray, clearance_m: float, rounds: int = 2) -> np.ndarray:
        """(P, 3) points, those nearer to the tangent plane of their nearest vertex than
        ``clearance_m`` moved along its normal; a plane says nothing far from its vertex."""
        for _ in range(rounds):
            distance, nearest = self._tree.query(points)
            height = ((points - self._vertices[nearest]) * self._normals[nearest]).sum(axis=1)
            lift = np.where(distance < _REACH_M, np.maximum(clearance_m - height, 0.0), 0.0)
            points = points + lift[:, None] * self._normals[nearest]
        return points


def thigh_angles_deg(keypoints: np.ndarray) -> np.ndarray:
    """(2,) angles of the left and the right thigh of (17, 3) keypoints from hanging down,
    degrees."""
    thighs = normalised(keypoints[[13, 14]] - keypoints[[11, 12]])
    return np.degrees(np.arccos(np.clip(thighs @ GRAVITY, -1.0, 1.0)))


def _axes(left: np.ndarray, backwards: np.ndarray) -> np.ndarray:
    left = normalised(left)
    backwards = normalised(backwards - (backwards @ left) * left)
    return np.stack([left, backwards, np.cross(left, backwards)])
