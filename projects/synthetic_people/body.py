"""`BodyModel`: human bodies of any shape and pose as vertices of the embedded surface."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import anny
import numpy as np
import torch

from uncertain_densepose.errors import UserError
from uncertain_densepose.surface.surface import Surface

from .anny_model import load_anny
from .refinement import PlacedMesh
from .segmentation import segment
from .topology import BodyTopology, visible_skin

COCO_KEYPOINT_NAMES: tuple[str, ...] = (
    "nose",
    *(
        f"{side}_{joint}"
        for joint in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
)
"""The 17 keypoints in COCO's order."""

NEUTRAL_PHENOTYPES: Mapping[str, float] = {"age": 2 / 3, "height": 0.4}
"""The neutral body's phenotypes: a young adult, 1.73 m tall; all others are at 0.5."""

_PHENOTYPE_DEFAULT = 0.5
_JOINT_BONES = {
    "hip": "upperleg01",
    "knee": "lowerleg01",
    "ankle": "foot",
    "shoulder": "upperarm01",
    "elbow": "lowerarm01",
    "wrist": "wrist",
}


@dataclasses.dataclass(frozen=True, eq=False)
class PosedBodies:
    """B bodies in world coordinates (metres; z up; at rest facing -y, the left hand towards +x).

    Attributes:
        vertices: (B, V, 3) float32, vertex k being vertex k of the embedded surface.
        keypoints: (B, 17, 3) float32, in the order of `COCO_KEYPOINT_NAMES`.
        bone_poses: (B, J, 4, 4) float32 rigid transforms from bone to world, in the order of
            `BodyModel.bone_labels`; the translation is the bone's head (its joint).
    """

    vertices: np.ndarray
    keypoints: np.ndarray
    bone_poses: np.ndarray


class SurfaceMismatchError(UserError, ValueError):
    """A surface that is not that of the installed body model."""


class BodyModel:
    """A thin layer over the body model *anny*, restricted to the embedded surface's vertices.

    Construction takes a fraction of a second once anny's cache exists (see `load_anny`); use
    `BodyModel.shared` to have one instance per process. A body takes about 10 ms on one core, and
    results do not depend on how bodies are batched beyond float32 rounding.

    Attributes:
        topology: the mesh, see `BodyTopology`. Its first vertices are anny's visible ones in their
            order; those that refine trunk and limbs follow.
        rest_vertices: (V, 3) float64 metres, the neutral body at rest, exactly mirror-symmetric.
        face_part: (F,) uint8 part 1..24 of each face.
        phenotype_labels: names of the shape parameters.
        phenotype_ranges: their lowest and highest values. ``age``: -1/3 newborn, 0 baby, 1/3 child,
            2/3 young adult, 1 old. ``gender``: 0 male, 1 female. ``african``, ``asian`` and
            ``caucasian`` are shares that are normalised to a sum of one.
        bone_labels: names of the J bones; ``.L`` is the person's left. ``root`` is first.
        bone_parents: (J,) int64 parent of each bone; -1 for the root.
    """

    def __init__(self) -> None:
        self._model: anny.Anny = load_anny()
        keypoint_regressor = anny.KeypointsRegressor.coco(
            self._model, labels=list(COCO_KEYPOINT_NAMES)
        )
        self._keypoint_weights = keypoint_regressor.regression_weights.float()
        self.phenotype_labels: tuple[str, ...] = tuple(self._model.phenotype_labels)
        self.phenotype_ranges: dict[str, tuple[float, float]] = {
            label: (-1 / 3 if label == "age" else 0.0, 1.0) for label in self.phenotype_labels
        }
        self.bone_labels: tuple[str, ...] = tuple(self._model.bone_labels)
        self.bone_parents = np.array(self._model.bone_parents, dtype=np.int64)
        self.topology: BodyTopology = visible_skin(self._model)
        neutral = self.neutral()
        skin = PlacedMesh(self.topology, _symmetric(neutral.vertices[0], self.topology.mirror))
        refined, self.face_part = segment(skin, self._joints(neutral))
        self.topology = refined.topology
        self.rest_vertices = refined.vertices

    def _joints(self, neutral: PosedBodies) -> dict[str, np.ndarray]:
        """Joints of the half x > 0, averaged with the mirrored ones of the other half."""
        joints = {}
        for name, bone in _JOINT_BONES.items():
            left, right = (
                neutral.bone_poses[0, self.bone_index(f"{bone}.{side}"), :3, 3] for side in "LR"
            )
            joints[name] = 0.5 * (left + right * np.array([-1.0, 1.0, 1.0]))
        return joints

    @staticmethod
    @functools.cache
    def shared() -> BodyModel:
        """The process's one instance."""
        return BodyModel()

    def pose(
        self,
        phenotypes: Mapping[str, float | np.ndarray] | Sequence[Mapping[str, float]] | None = None,
        rotations: Mapping[str, np.ndarray] | None = None,
    ) -> PosedBodies:
        """Bodies of given shapes in given poses.

        Args:
            phenotypes: shape parameters by name, each a number or (B,) array; or one such mapping
                of numbers per body. Names left out take the value of `NEUTRAL_PHENOTYPES`.
            rotations: transforms by bone name, each (3, 3), (4, 4), (B, 3, 3) or (B, 4, 4). They
                turn a bone and everything that hangs from it about the bone's head, **in the
                world's axes of the rest pose** (x to the person's left, y backwards, z up), before
                the bone's parents are turned: a rotation by a positive angle about x at
                ``lowerleg01.L`` bends the knee backwards whatever the hip does. ``root`` moves the
                whole body; its translation (metres), and only its own, places it in the world.
                Bones left out keep the rest pose.

        Returns:
            the B bodies; B is the common batch size, 1 if nothing is batched.

        Raises:
            ValueError: an unknown phenotype or bone, a phenotype out of range, a bad shape, or
                batch sizes that differ.
        """
        shape, rotation, batch = self._parse(phenotypes, rotations)
        with torch.no_grad():
            output = self._model(
                pose_parameters=rotation.expand(batch, -1, -1, -1),
                phenotype_kwargs=shape.expand(batch, -1),
            )
            keypoints = torch.einsum("kv,bvd->bkd", self._keypoint_weights, output["vertices"])
        return PosedBodies(
            vertices=self.topology.interpolate(output["vertices"].numpy()),
            keypoints=keypoints.numpy(),
            bone_poses=output["bone_poses"].numpy(),
        )

    def neutral(self) -> PosedBodies:
        """The neutral body in its rest pose: the body on which the embedded surface is defined."""
        return self.pose()

    def require_surface(self, surface: Surface) -> None:
        """Check that a surface is this model's, so that its charts fit the bodies.

        Raises:
            SurfaceMismatchError: its faces or vertices are others; it must be rebuilt.
        """
        same_mesh = np.array_equal(surface.faces, self.topology.faces)
        if not same_mesh or np.abs(surface.vertices - self.rest_vertices).max() > 1e-4:
            raise SurfaceMismatchError(
                f"surface '{surface.name}' is not that of the installed body model "
                f"(anny {anny.__version__}); rebuild it with "
                "`python tools/build_surface.py --force`"
            )

    def bone_index(self, label: str) -> int:
        """Position of a bone in ``bone_labels``.

        Raises:
            ValueError: there is no such bone.
        """
        if label not in self.bone_labels:
            raise ValueError(f"unknown bone '{label}'; known: {', '.join(self.bone_labels)}")
        return self.bone_labels.index(label)

    def _parse(self, phenotypes, rotations) -> tuple[torch.Tensor, torch.Tensor, int]:
        columns = _as_columns(phenotypes)
        unknown = sorted(set(columns) - set(self.phenotype_labels))
        if unknown:
            raise ValueError(
                f"unknown phenotypes {unknown}; known: {', '.join(self.phenotype_labels)}"
            )
        for label, values in columns.items():
            low, high = self.phenotype_ranges[label]
            if not ((values >= low - 1e-6) & (values <= high + 1e-6)).all():
                raise ValueError(f"phenotype '{label}' must be in {low:.3g}..{high:.3g}")
        matrices = {self.bone_index(k): _homogeneous(k, v) for k, v in (rotations or {}).items()}
        sizes = {len(a) for a in (*columns.values(), *matrices.values())} - {1}
        if len(sizes) > 1:
            raise ValueError(f"phenotypes and rotations come in batches of {sorted(sizes)}")
        batch = sizes.pop() if sizes else 1

        shape = torch.full((batch, len(self.phenotype_labels)), _PHENOTYPE_DEFAULT)
        for position, label in enumerate(self.phenotype_labels):
            default = np.array([NEUTRAL_PHENOTYPES.get(label, _PHENOTYPE_DEFAULT)])
            shape[:, position] = torch.from_numpy(columns.get(label, default)).float()
        pose = torch.eye(4).repeat(batch, len(self.bone_labels), 1, 1)
        for bone, matrix in matrices.items():
            pose[:, bone] = torch.from_numpy(matrix)
        return shape, pose, batch


def _symmetric(vertices: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Float64 positions made exactly equal to their reflection (anny's are to 1e-5 metres)."""
    vertices = vertices.astype(np.float64)
    return 0.5 * (vertices + vertices[mirror] * np.array([-1.0, 1.0, 1.0]))


def _as_columns(phenotypes) -> dict[str, np.ndarray]:
    """Phenotypes as float64 arrays of one dimension, whichever way they were given."""
    if phenotypes is None:
        return {}
    if not isinstance(phenotypes, Mapping):
        labels = sorted(set().union(*phenotypes))
        phenotypes = {
            label: np.array(
                [
                    body.get(label, NEUTRAL_PHENOTYPES.get(label, _PHENOTYPE_DEFAULT))
                    for body in phenotypes
                ]
            )
            for label in labels
        }
    columns = {key: np.atleast_1d(np.asarray(v, dtype=float)) for key, v in phenotypes.items()}
    for label, values in columns.items():
        if values.ndim != 1:
            raise ValueError(f"phenotype '{label}' must be a number or have one dimension")
    return columns


def _homogeneous(bone: str, matrix: np.ndarray) -> np.ndarray:
    """(B, 4, 4) float32 transforms from any of the accepted shapes."""
    matrix = np.asarray(matrix, dtype=np.float32)
    if matrix.ndim == 2:
        matrix = matrix[None]
    if matrix.ndim != 3 or matrix.shape[1:] not in ((3, 3), (4, 4)):
        raise ValueError(
            f"rotation of bone '{bone}' has shape {matrix.shape}; expected (3, 3), (4, 4) or a "
            "batch of them"
        )
    if matrix.shape[1:] == (4, 4):
        return matrix
    full = np.zeros((len(matrix), 4, 4), dtype=np.float32)
    full[:, :3, :3] = matrix
    full[:, 3, 3] = 1
    return full
