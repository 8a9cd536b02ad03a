"""COCO and DensePose annotations of a rendered scene.

Coordinates of points and boxes are continuous: the first pixel's centre is at (0.5, 0.5).
Keypoints follow COCO, whose readers add that half pixel themselves.
"""

from __future__ import annotations

import numpy as np
from pycocotools import mask as coco_mask

from uncertain_densepose.surface.parts import NUM_COARSE_PARTS

from .body_mesh import SKIN, BodyMesh
from .camera import Camera
from .geometry import barycentric_mean, cross_2d, normalised
from .keypoints import OUTSIDE, keypoint_visibility
from .noise import REFERENCE_HEIGHT_PX, LabelNoiseModel
from .ray_caster import FirstHits
from .render import Correspondences
from .sampling_points import choose_points
from .scene import Scene

_MASK_SIDE = 256
_ADULT_STATURE_M = 1.7


def annotate_person(
    index: int,
    scene: Scene,
    mesh: BodyMesh,
    caster: FirstHits,
    seen: Correspondences,
    blur_px: float,
    dense: bool,
    noise_model: LabelNoiseModel,
    rng: np.random.Generator,
) -> dict:
    """The annotation of one person, without ids.

    Args:
        index: the person's in the scene.
        scene, mesh, caster, seen: the scene, its renderer's parts and result.
        blur_px: the image's blur, which the noise depends on.
        dense: whether to label dense correspondences.
        noise_model: the annotators.
        rng: chooses points and draws noise.

    Returns:
        COCO's fields, ``keypoints_camera_m`` and, if ``dense``, the ``dp_*`` fields.

    Raises:
        ValueError: no pixel shows the person.
    """
    person, camera = scene.people[index], scene.camera
    visible = seen.person == index
    if not visible.any():
        raise ValueError(f"person {index} is not visible, so there is nothing to annotate")
    box = _box_xywh(visible)
    visibility = keypoint_visibility(
        person.keypoints, index, camera, caster, mesh, person.stature_m / _ADULT_STATURE_M
    )
    annotation = {
        "category_id": 1,
        "bbox": [float(v) for v in box],
        "area": int(visible.sum()),
        "iscrowd": 0,
        "segmentation": _encode(visible),
        "keypoints": _coco_keypoints(camera.project(person.keypoints), visibility),
        "num_keypoints": int((visibility != OUTSIDE).sum()),
        "keypoints_camera_m": _rounded(camera.to_camera(person.keypoints), 4),
    }
    if dense:
        part = np.where(visible, mesh.face_part[seen.face], 0)
        skin = visible & (mesh.face_kind[seen.face] == SKIN)
        annotation |= {"dp_masks": _coarse_masks(visible, mesh.face_coarse[seen.face], box)}
        annotation |= _dense_labels(
            index, scene, mesh, seen, box, part, skin, blur_px, noise_model, rng
        )
    return annotation


def _dense_labels(index, scene, mesh, seen, box, part, skin, blur_px, noise_model, rng) -> dict:
    row, column = choose_points(part, skin, rng)
    face, weights = seen.face[row, column], seen.weights[row, column]
    uv = barycentric_mean(mesh.face_uv[face], weights).astype(np.float64)
    features = _noise_features(index, scene, mesh, seen, part, (row, column), uv, blur_px)
    noise = noise_model.parameters(part[row, column], uv, features)
    error, shared = noise.sample(rng)
    labels = np.clip(uv + error, 0.0, 1.0)
    x, y, width, height = box
    return {
        "dp_x": _rounded((column + 0.5 - x) / width * 255, 3),
        "dp_y": _rounded((row + 0.5 - y) / height * 255, 3),
        "dp_I": part[row, column].astype(int).tolist(),
        "dp_U": _rounded(labels[:, 0], 5),
        "dp_V": _rounded(labels[:, 1], 5),
        "dp_U_true": _rounded(uv[:, 0], 5),
        "dp_V_true": _rounded(uv[:, 1], 5),
        "dp_noise": {
            "variance": _rounded(noise.variance, 8),
            "direction": _rounded(noise.direction, 6),
            "shared_variance": _rounded(noise.shared_variance, 8),
            "shared_offset": _rounded(shared, 6),
        },
    }


def _noise_features(index, scene, mesh, seen, part, points, uv, blur_px) -> np.ndarray:
    """(P, 5) features of `noise.FEATURE_NAMES` at pixels ``points`` (rows, columns)."""
    person, camera = scene.people[index], scene.camera
    face = seen.face[points]
    depth = camera.to_camera((person.keypoints[11] + person.keypoints[12]) / 2)[2]
    height_px = camera.K[1, 1] * person.stature_m / max(depth, 0.3)
    normals = barycentric_mean(person.normals[mesh.faces[face]], seen.weights[points])
    to_eye = normalised(camera.centre - person.vertices[mesh.faces[face, 0]])
    cosine = (normalised(normals) * to_eye).sum(axis=1)
    hidden = _hidden_share(person.vertices, mesh, camera, part)[part[points]]
    return np.stack(
        [
            np.full(len(face), np.clip(np.log2(REFERENCE_HEIGHT_PX / height_px), -1.5, 2.5)),
            hidden,
            np.full(len(face), blur_px),
            1 - np.clip(cosine, 0.0, 1.0),
            np.linalg.norm(uv - 0.5, axis=1) / 0.5,
        ],
        axis=1,
    )


def _hidden_share(
    vertices: np.ndarray, mesh: BodyMesh, camera: Camera, part: np.ndarray
) -> np.ndarray:
    """(25,) share of each part's camera-facing skin, in pixels, that the image does not show."""
    in_camera = camera.to_camera(vertices)
    depth = np.maximum(in_camera[:, 2:], 0.1)
    flat = (in_camera[:, :2] / depth * camera.K[0, 0]).astype(np.float32)
    a, b, c = (flat[mesh.faces[:, corner]] for corner in range(3))
    # With y down, faces turned to the camera run clockwise on the sensor's axes, area < 0.
    facing = np.maximum(-0.5 * cross_2d(b - a, c - a), 0.0)
    expected = np.bincount(mesh.face_part, facing, minlength=25)
    shown = np.bincount(part[part > 0], minlength=25)
    return np.clip(1 - shown / np.maximum(expected, 1.0), 0.0, 1.0)


def _coarse_masks(visible: np.ndarray, coarse: np.ndarray, box: tuple) -> list:
    """14 entries: RLE of the part's mask over the box, resampled to 256 x 256; [] if invisible."""
    x, y, width, height = box
    centres = (np.arange(_MASK_SIDE) + 0.5) / _MASK_SIDE
    rows = np.floor(y + centres * height).astype(int)
    columns = np.floor(x + centres * width).astype(int)
    label = np.where(visible, coarse, 0)[np.ix_(rows, columns)]
    return [
        _encode(label == part) if (label == part).any() else []
        for part in range(1, NUM_COARSE_PARTS + 1)
    ]


def _box_xywh(mask: np.ndarray) -> tuple[int, int, int, int]:
    """The tight box of a mask: left, top, width, height in pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        int(columns[0]), int(rows[0]),
        int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1),
    )  # fmt: skip


def _encode(mask: np.ndarray) -> dict:
    rle = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"size": [int(side) for side in rle["size"]], "counts": rle["counts"].decode("ascii")}


def _coco_keypoints(image: np.ndarray, visibility: np.ndarray) -> list:
    """51 numbers; keypoints outside the image are 0, 0, 0 as in COCO."""
    flat: list[float] = []
    for (x, y), flag in zip(image, visibility, strict=True):
        inside = flag != OUTSIDE
        flat += (
            [round(float(x) - 0.5, 2), round(float(y) - 0.5, 2), int(flag)] if inside else [0] * 3
        )
    return flat


def _rounded(values: np.ndarray, digits: int) -> list:
    return np.round(np.asarray(values, dtype=np.float64), digits).tolist()
