"""The embedded surface made ready for rendering: holes closed, clothing coordinates attached."""

from __future__ import annotations

import dataclasses

import igl
import numpy as np

from uncertain_densepose.surface import FINE_TO_COARSE, Surface

SKIN, EYE, MOUTH = 0, 1, 2
"""Values of `BodyMesh.face_kind`. Only skin has chart coordinates."""


@dataclasses.dataclass(frozen=True, eq=False)
class BodyMesh:
    """The surface's F faces, then those that close its holes, over V + H vertices.

    Vertex ``V + h`` is the centre of hole h (two eyes and the mouth).

    Attributes:
        surface_vertices: V.
        hole_loops: for each hole the surface vertices around it.
        faces: (F', 3) int32.
        face_part: (F',) uint8 fine part; a closing face has that of the face next to it, so that
            masks have no holes.
        face_coarse: (F',) uint8 coarse part.
        face_uv: (F', 3, 2) float32 chart coordinates of the corners; NaN on closing faces.
        face_kind: (F',) uint8, `SKIN`, `EYE` or `MOUTH`.
        rest_coordinates: (V + H, 4) float32, metres: position on the neutral body at rest, and the
            distance along the arm from the shoulder (negative off the arms).
        landmarks: name -> (3,) points of the neutral body, metres: ``neck``, ``hip``, ``knee``,
            ``ankle``, ``head`` (between the ears), ``eye``; left ones where there are two.
        arm_lengths: distances along the arm from the shoulder to elbow and wrist, metres.
    """

    surface_vertices: int
    hole_loops: tuple[np.ndarray, ...]
    faces: np.ndarray
    face_part: np.ndarray
    face_coarse: np.ndarray
    face_uv: np.ndarray
    face_kind: np.ndarray
    rest_coordinates: np.ndarray
    landmarks: dict[str, np.ndarray]
    arm_lengths: tuple[float, float]

    @staticmethod
    def from_surface(surface: Surface, keypoints: np.ndarray) -> BodyMesh:
        """Close the holes of a surface and measure it.

        Args:
            surface: the embedded surface.
            keypoints: (17, 3) COCO keypoints of the neutral body at rest, metres.
        """
        loops, loop_faces = _holes(surface.faces)
        count = len(surface.vertices)
        centres = np.array([surface.vertices[loop].mean(axis=0) for loop in loops])
        closing, kinds, parts = [], [], []
        for hole, (loop, owner) in enumerate(zip(loops, loop_faces, strict=True)):
            following = np.roll(loop, -1)
            closing.append(np.stack([following, loop, np.full_like(loop, count + hole)], axis=1))
            kinds.append(np.full(len(loop), MOUTH if abs(centres[hole, 0]) < 0.01 else EYE))
            parts.append(surface.face_part[owner])
        extra = np.concatenate(closing) if closing else np.zeros((0, 3), np.int32)
        face_part = np.concatenate([surface.face_part, *parts]).astype(np.uint8)
        vertices = np.concatenate([surface.vertices, centres.reshape(-1, 3)])
        shoulder, elbow, wrist = keypoints[5], keypoints[7], keypoints[9]
        upper, lower = np.linalg.norm(elbow - shoulder), np.linalg.norm(wrist - elbow)
        arm = _along_arm(vertices, keypoints)
        return BodyMesh(
            surface_vertices=count,
            hole_loops=tuple(loops),
            faces=np.concatenate([surface.faces, extra]).astype(np.int32),
            face_part=face_part,
            face_coarse=FINE_TO_COARSE[face_part].astype(np.uint8),
            face_uv=np.concatenate(
                [surface.face_uv, np.full((len(extra), 3, 2), np.nan, np.float32)]
            ),
            face_kind=np.concatenate([np.full(len(surface.faces), SKIN, np.uint8), *kinds]).astype(
                np.uint8
            ),
            rest_coordinates=np.concatenate([vertices, arm[:, None]], axis=1).astype(np.float32),
            landmarks={
                "neck": (keypoints[5] + keypoints[6]) / 2 + np.array([0.0, 0.0, 0.06]),
                "hip": keypoints[11],
                "knee": keypoints[13],
                "ankle": keypoints[15],
                "head": (keypoints[3] + keypoints[4]) / 2,
                "eye": keypoints[1],
            },
            arm_lengths=(float(upper), float(upper + lower)),
        )

    def close(self, vertices: np.ndarray) -> np.ndarray:
        """Append the holes' centres to (V, 3) posed vertices of the surface."""
        centres = [vertices[loop].mean(axis=0) for loop in self.hole_loops]
        return np.concatenate([vertices, np.reshape(centres, (-1, 3))]).astype(np.float32)

    def facing(self, vertices: np.ndarray, normals: np.ndarray, eye: np.ndarray) -> np.ndarray:
        """(F',) boolean: faces whose outside is seen from the point ``eye``, (3,).

        Args:
            vertices: (V + H, 3).
            normals: (F', 3) of the faces, of any length.
        """
        towards = eye - vertices[self.faces[:, 0]]
        return np.einsum("fd,fd->f", normals, towards) > 0


def _holes(faces: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Boundary loops, each with its vertices in order and the face beside each edge."""
    loops = [np.array(loop, dtype=np.int32) for loop in igl.boundary_loop_all(faces)]
    edges, beside, _ = igl.boundary_facets(faces)
    face_of = dict(zip(map(tuple, edges.tolist()), beside.tolist(), strict=True))
    owners = [
        np.array(
            [face_of[edge] for edge in zip(loop.tolist(), np.roll(loop, -1).tolist(), strict=True)]
        )
        for loop in loops
    ]
    return loops, owners


def _along_arm(points: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
    """(N,) distance along the nearer arm from its shoulder, metres; -1 off the arms."""
    mirrored = np.abs(points[:, :1]), points[:, 1:]
    points = np.concatenate(mirrored, axis=1)
    shoulder, elbow, wrist = keypoints[5], keypoints[7], keypoints[9]
    hand = wrist + 0.25 * (wrist - elbow) / np.linalg.norm(wrist - elbow)
    hip, ankle = keypoints[11], keypoints[15]
    chest = np.array([0.0, shoulder[1], shoulder[2]])
    pelvis = np.array([0.0, hip[1], hip[2]])
    best = np.minimum(_to_segment(points, chest, pelvis)[0], _to_segment(points, hip, ankle)[0])
    along = np.full(len(points), -1.0)
    start = 0.0
    for a, b in ((shoulder, elbow), (elbow, wrist), (wrist, hand)):
        distance, position = _to_segment(points, a, b)
        nearer = distance < best
        along[nearer] = start + position[nearer]
        best = np.minimum(best, distance)
        start += float(np.linalg.norm(b - a))
    return along


def _to_segment(points: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to a segment, and position of the nearest point along it, (N,) each, metres."""
    length = np.linalg.norm(b - a)
    direction = (b - a) / length
    position = np.clip((points - a) @ direction, 0.0, length)
    nearest = a + position[:, None] * direction
    return np.linalg.norm(points - nearest, axis=1), position
