"""A small valid 24-chart surface without a body model: a flat board, mirrored left to right."""

from __future__ import annotations

import numpy as np

from uncertain_densepose.surface import FLIP_PARTS, PART_NAMES, Surface

PATCH_SIZE_M = 0.1
RIGHT_PARTS = (3, 6, 7, 9, 11, 13, 16, 18, 20, 22, 23)


def make_tiny_surface(cells: int = 2, margin: float = 0.05, table_stride: int = 1) -> Surface:
    """The board of `board_mesh` with the distances between some or all of its vertices.

    Args:
        cells, margin: see `board_mesh`.
        table_stride: only every ``table_stride``-th vertex is in the geodesic table.
    """
    mesh = board_mesh(cells, margin)
    vertices = mesh["vertices"]
    subset = np.arange(0, len(vertices), table_stride, dtype=np.int32)
    to_subset = np.linalg.norm(vertices[:, None] - vertices[subset][None], axis=2)
    table = np.linalg.norm(vertices[subset][:, None] - vertices[subset][None], axis=2)
    lower = np.tril_indices(len(subset), -1)
    return Surface(
        name="tiny-board",
        part_names=PART_NAMES,
        **mesh,
        geodesic_vertices=subset,
        nearest_geodesic=to_subset.argmin(axis=1).astype(np.int32),
        geodesic_m=table[lower].astype(np.float16),
    )


def board_mesh(cells: int = 2, margin: float = 0.05) -> dict[str, np.ndarray]:
    """A board in the plane y = 0 whose rows are the parts; on it all distances are Euclidean.

    From the top: torso back and torso front, each over the whole width, then one row for each pair
    of a right part (x < 0) and its left twin (x > 0). Patches are squares of `PATCH_SIZE_M` (torso:
    two side by side); seen from outside (from -y) u runs to the right and v upwards on the torso
    and on right parts.

    Args:
        cells: grid cells along the side of a patch.
        margin: of the charts in the unit square.

    Returns:
        The fields of `Surface` that say nothing of distances.
    """
    rows = len(RIGHT_PARTS) + 2
    x = np.arange(-cells, cells + 1) * (PATCH_SIZE_M / cells)
    z = np.arange(rows * cells, -1, -1) * (PATCH_SIZE_M / cells)
    grid_x, grid_z = np.meshgrid(x, z)
    vertices = np.stack([grid_x, np.zeros_like(grid_x), grid_z], axis=-1).reshape(-1, 3)
    vertices = vertices.astype(np.float32)
    index = np.arange(len(vertices)).reshape(grid_x.shape)
    mirror = index[:, ::-1].ravel().astype(np.int32)

    faces, face_part = [], []
    for row in range(rows * cells):
        for column in range(2 * cells):
            top_left, top_right = index[row, column], index[row, column + 1]
            low_left, low_right = index[row + 1, column], index[row + 1, column + 1]
            if column < cells:
                pair = [(low_left, low_right, top_right), (low_left, top_right, top_left)]
            else:
                pair = [(low_left, low_right, top_left), (low_right, top_right, top_left)]
            band = row // cells
            part = band + 1 if band < 2 else RIGHT_PARTS[band - 2]
            faces += pair
            face_part += [part if column < cells else FLIP_PARTS[part]] * 2
    faces = np.array(faces, dtype=np.int32)
    face_part = np.array(face_part, dtype=np.uint8)

    return {
        "vertices": vertices,
        "faces": faces,
        "face_part": face_part,
        "face_uv": _board_uv(vertices, faces, face_part, margin),
        "mirror": mirror,
    }


def _board_uv(
    vertices: np.ndarray, faces: np.ndarray, face_part: np.ndarray, margin: float
) -> np.ndarray:
    corners = vertices[faces]
    torso = (face_part <= 2)[:, None]
    x = corners[..., 0]
    on_right = corners[..., 0].mean(axis=1, keepdims=True) < 0
    u_limb = np.where(on_right, x, -x) / PATCH_SIZE_M + 1
    u = np.where(torso, x / (2 * PATCH_SIZE_M) + 0.5, u_limb)
    band = np.floor(corners[..., 2].mean(axis=1, keepdims=True) / PATCH_SIZE_M)
    v = corners[..., 2] / PATCH_SIZE_M - band
    uv = np.clip(np.stack([u, v], axis=-1), 0, 1)
    return (margin + (1 - 2 * margin) * uv).astype(np.float32)
