"""One random person: shape, pose, clothes, ready to be placed in a scene."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from uncertain_densepose.surface import Surface

from .body import BodyModel
from .body_mesh import BodyMesh
from .clothes import Outfit, sample_outfit
from .collision import CollisionModel
from .geometry import face_normals, mean_of_faces, rotation_about_z
from .joints import RestAxes, bone_rotations
from .pose import sample_pose
from .props import Prop
from .shape import sample_phenotypes
from .volume.drape import Drape

ACCEPTED_PENETRATION_M = 0.03
_TRIES = 4


@dataclasses.dataclass(frozen=True, eq=False)
class SyntheticPerson:
    """A posed, dressed body.

    Attributes:
        vertices: (V', 3) float32 of the body mesh, what is worn on it included, metres; the ground
            is z = 0.
        normals: (V', 3) float32 outward unit normals.
        face_normals: (F', 3) float32 outward normals of the faces, of any length.
        keypoints: (17, 3) float32 COCO keypoints, metres.
        outfit: colours.
        stature_m: upright height of this body, metres.
        seat_top_m: height of the seat under the body, metres; None if it stands.
        yaw_rad: turn about the vertical axis; at 0 the person faces -y.
        penetration_m: how deep limbs sink into the body at most.
        skin_vertices: (V', 3) float32 of the body without what is worn, metres; None if that is
            ``vertices``.
        drapes: worn meshes of their own, which belong to the person.
        carried: things that hide the person, which do not.
    """

    vertices: np.ndarray
    normals: np.ndarray
    face_normals: np.ndarray
    keypoints: np.ndarray
    outfit: Outfit
    stature_m: float
    seat_top_m: float | None
    yaw_rad: float
    penetration_m: float
    skin_vertices: np.ndarray | None = None
    drapes: tuple[Drape, ...] = ()
    carried: tuple[Prop, ...] = ()

    @property
    def seated(self) -> bool:
        """Whether there is a seat under the body."""
        return self.seat_top_m is not None

    @property
    def body_vertices(self) -> np.ndarray:
        """(V', 3) float32 of the body without what is worn, metres."""
        return self.vertices if self.skin_vertices is None else self.skin_vertices

    def moved(self, x: float, y: float) -> SyntheticPerson:
        """The same person ``(x, y)`` metres further on the ground."""
        offset = np.array([x, y, 0.0], dtype=np.float32)
        return dataclasses.replace(
            self,
            vertices=self.vertices + offset,
            keypoints=self.keypoints + offset,
            skin_vertices=None if self.skin_vertices is None else self.skin_vertices + offset,
            drapes=tuple(drape.moved(offset) for drape in self.drapes),
            carried=tuple(prop.moved(offset) for prop in self.carried),
        )


@dataclasses.dataclass(frozen=True, eq=False)
class PersonMaker:
    """What sampling people needs, made once per process.

    Attributes:
        body: the body model.
        mesh: its surface, made ready for rendering.
        rest: axes of the joints at rest.
        collisions: measures how deep limbs sink into the body.
    """

    body: BodyModel
    mesh: BodyMesh
    rest: RestAxes
    collisions: CollisionModel

    @staticmethod
    def create(surface: Surface) -> PersonMaker:
        """A maker of people of the embedded surface.

        Raises:
            SurfaceMismatchError: the surface is not that of the installed body model.
        """
        body = BodyModel.shared()
        body.require_surface(surface)
        neutral = body.neutral()
        return PersonMaker(
            body=body,
            mesh=BodyMesh.from_surface(surface, neutral.keypoints[0]),
            rest=RestAxes.from_bone_poses(neutral.bone_poses[0], body.bone_labels),
            collisions=CollisionModel.from_surface(surface),
        )

    def sample(
        self,
        rng: np.random.Generator,
        stances: Sequence[str],
        phenotypes: Mapping[str, float] | None = None,
    ) -> SyntheticPerson:
        """Draw a person at the origin in one of the stances that `pose.STANCES` names.

        Poses in which limbs sink into the body by more than `ACCEPTED_PENETRATION_M` are drawn
        again, a few times; then the least bad one is taken. Without ``phenotypes`` the shape is
        drawn by `sample_phenotypes`.
        """
        phenotypes = sample_phenotypes(rng) if phenotypes is None else phenotypes
        least = np.inf
        for _ in range(_TRIES):
            pose = sample_pose(rng, stances)
            posed = self.body.pose([phenotypes], bone_rotations(pose.angles, self.rest))
            vertices = self.mesh.close(posed.vertices[0])
            of_faces = face_normals(vertices, self.mesh.faces)
            normals = mean_of_faces(of_faces, self.mesh.faces, len(vertices))
            depth = self.collisions.penetration_m(vertices, normals)
            if depth < least:
                least = depth
                best = (pose, posed, vertices, normals, of_faces)
            if depth <= ACCEPTED_PENETRATION_M:
                break
        pose, posed, vertices, normals, of_faces = best

        yaw = self._yaw(rng)
        turn = rotation_about_z(yaw).astype(np.float32)
        vertices, keypoints = vertices @ turn.T, posed.keypoints[0] @ turn.T
        # The lowest point of the body touches the ground.
        lift = np.array([0.0, 0.0, -vertices[:, 2].min()], dtype=np.float32)
        vertices, keypoints = vertices + lift, keypoints + lift
        seat_top = None
        if pose.seated:
            pelvis = (keypoints[11] + keypoints[12]) / 2
            under = np.linalg.norm(vertices[:, :2] - pelvis[:2], axis=1) < 0.15
            seat_top = max(float(vertices[under, 2].min()) + 0.01, 0.05)
        return SyntheticPerson(
            vertices=vertices,
            normals=normals @ turn.T,
            face_normals=of_faces @ turn.T,
            keypoints=keypoints,
            outfit=sample_outfit(rng, self.mesh),
            stature_m=self._stature(posed.bone_poses[0]),
            seat_top_m=seat_top,
            yaw_rad=yaw,
            penetration_m=least,
        )

    def _stature(self, bone_poses: np.ndarray) -> float:
        """Upright height, from the lengths of leg, trunk, neck and head."""
        chain = ("foot.L", "lowerleg01.L", "upperleg01.L", "spine01", "neck01", "head")
        joints = np.array([bone_poses[self.body.bone_index(b), :3, 3] for b in chain])
        # Sole to ankle and head joint to crown, which have no bone of their own.
        return float(np.linalg.norm(np.diff(joints, axis=0), axis=1).sum()) + 0.27

    @staticmethod
    def _yaw(rng: np.random.Generator) -> float:
        """Two in three people face the camera's side, the others any way."""
        if rng.random() < 0.65:
            return float(rng.normal(0.0, np.radians(40)))
        return float(rng.uniform(-np.pi, np.pi))
