"""A surface whose distances can be worked out by hand.

Chart p is a flat square of 0.4 m x 0.4 m with 5 x 5 vertices, 0.1 m apart, at u, v = 0, 1/4 .. 1.
The squares lie side by side along x, 0.6 m from corner to corner, and the geodesic distance of any
two vertices is that of the plane. It has no meaningful mirror, so it cannot be saved.
"""

import numpy as np

from uncertain_densepose.surface import PART_NAMES, Surface

SIDE_M = 0.4
PITCH_M = 0.6
GRID = 5


def make_flat_surface() -> Surface:
    """All 24 charts; every vertex is in the geodesic table."""
    steps = np.linspace(0, 1, GRID)
    u, v = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    corner = np.arange(GRID * GRID).reshape(GRID, GRID)
    a, b, c, d = (
        axis.ravel()
        for axis in (corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:])
    )
    square = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    vertices, faces, face_part, face_uv = [], [], [], []
    for part in range(1, 25):
        x = u * SIDE_M + (part - 1) * PITCH_M
        vertices.append(np.stack([x, np.zeros_like(x), v * SIDE_M], axis=1))
        faces.append(square + (part - 1) * GRID * GRID)
        face_part.append(np.full(len(square), part))
        face_uv.append(np.stack([u, v], axis=1)[square])
    vertices = np.concatenate(vertices)
    count = len(vertices)
    distance = np.linalg.norm(vertices[:, None] - vertices[None], axis=-1)
    return Surface(
        name="flat",
        part_names=PART_NAMES,
        vertices=vertices.astype(np.float32),
        faces=np.concatenate(faces).astype(np.int32),
        face_part=np.concatenate(face_part).astype(np.uint8),
        face_uv=np.concatenate(face_uv).astype(np.float32),
        mirror=np.arange(count, dtype=np.int32),
        geodesic_vertices=np.arange(count, dtype=np.int32),
        nearest_geodesic=np.arange(count, dtype=np.int32),
        geodesic_m=distance[np.tril_indices(count, k=-1)].astype(np.float16),
    )
