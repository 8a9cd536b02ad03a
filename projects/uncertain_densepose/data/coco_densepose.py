"""COCO files with DensePose's point annotations: reading and checking them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.data.datasets import load_coco_json
from detectron2.data.datasets.builtin_meta import (
    COCO_PERSON_KEYPOINT_FLIP_MAP,
    COCO_PERSON_KEYPOINT_NAMES,
    KEYPOINT_CONNECTION_RULES,
)
from pycocotools import mask as mask_utils

from ..structures import PointAnnotations
from ..structures.coco_annotation import (
    POINT_FIELDS,
    AnnotationError,
    AnnotationFileError,
    check_part_masks,
    read_points,
)
from ..structures.point_annotations import MASK_SIZE


def register_densepose_json(
    name: str,
    json_file: Path,
    image_root: Path,
    surface: Path,
    how_to_get: str,
    chart_mirror: Path | None = None,
) -> None:
    """Register a COCO file with point annotations as a Detectron2 data set.

    Args:
        name: of the data set, as in `DATASETS.TRAIN`.
        json_file: COCO json. image_root: folder of its images.
        surface: the `Surface` file that its charts belong to.
        how_to_get: one sentence for the error of a user who does not have it.
        chart_mirror: DensePose's `UV_symmetry_transforms.mat`, or None for a surface whose
            charts are mirror images of each other; read when training flips images.
    """
    loader = functools.partial(load_densepose_json, name, json_file, image_root, how_to_get)
    DatasetCatalog.register(name, loader)
    MetadataCatalog.get(name).set(
        json_file=str(json_file),
        image_root=str(image_root),
        evaluator_type="densepose",
        densepose_surface=str(surface),
        densepose_chart_mirror=None if chart_mirror is None else str(chart_mirror),
        keypoint_names=COCO_PERSON_KEYPOINT_NAMES,
        keypoint_flip_map=COCO_PERSON_KEYPOINT_FLIP_MAP,
        keypoint_connection_rules=KEYPOINT_CONNECTION_RULES,
    )


def load_densepose_json(
    name: str, json_file: Path, image_root: Path, how_to_get: str
) -> list[dict]:
    """Read a COCO file in Detectron2's format, point annotations included and checked.

    Raises:
        FileNotFoundError: without the file or the images, saying how to get them.
        AnnotationFileError: for malformed point annotations, naming file, annotation and field.
    """
    for path in (Path(json_file), Path(image_root)):
        if not path.exists():
            raise FileNotFoundError(
                f"data set {name!r} needs {path}, which is missing; {how_to_get}"
            )
    keys = ["id", *POINT_FIELDS, "dp_masks"]
    records = load_coco_json(str(json_file), str(image_root), name, extra_annotation_keys=keys)
    for record in records:
        for annotation in record["annotations"]:
            check_point_annotation(annotation, str(json_file))
    return records


def check_point_annotation(annotation: dict, source: str) -> None:
    """Refuse malformed points of one person.

    Points outside the box are accepted here, since DensePose-COCO has some; they are ignored.

    Args:
        annotation: of COCO form; one without any `dp_*` key passes.
        source: names the file in errors.

    Raises:
        AnnotationFileError: naming the file, the annotation's id and the field.
    """
    try:
        read_points(annotation, np.asarray(annotation["bbox"]))
        check_part_masks(annotation)
    except AnnotationError as error:
        raise AnnotationFileError(f"{source}: annotation {annotation['id']}: {error}") from error


def point_annotations(annotation: Mapping) -> PointAnnotations | None:
    """The points of one checked annotation, None for a person without them."""
    if "dp_x" not in annotation:
        return None

    def pair(first: str, second: str) -> torch.Tensor:
        columns = np.asarray([annotation[first], annotation[second]], dtype=np.float32)
        return torch.from_numpy(np.ascontiguousarray(columns.T))

    return PointAnnotations(
        xy=pair("dp_x", "dp_y"),
        part=torch.from_numpy(np.asarray(annotation["dp_I"], dtype=np.int64)),
        uv=pair("dp_U", "dp_V"),
        coarse_segm=_decode_part_masks(annotation.get("dp_masks")),
    )


def _decode_part_masks(masks: list | None) -> torch.Tensor | None:
    """(256, 256) uint8 coarse parts 0..14, None without any mask."""
    if not masks or not any(masks):
        return None
    segm = np.zeros((MASK_SIZE, MASK_SIZE), dtype=np.uint8)
    for part, mask in enumerate(masks, start=1):
        if mask:
            segm[mask_utils.decode(mask) > 0] = part
    return torch.from_numpy(segm)
